"""What a stranger's file can do to the process that decodes it, and what it cannot do beyond."""

import ctypes
import io
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from photodrop.errors import ContentRejectedError
from photodrop.file_types import SNIFF_BYTES, sniff
from photodrop.imaging import images, thumbnails
from photodrop.imaging.budget import Budget
from photodrop.imaging.sandbox import DecoderError, Limits, Sandbox
from tests.support import pictures
from tests.support.decoders import Decoders
from tests.support.template import ROOT
from tests.unit.test_imaging import FORMATS, ODD_MODES, encode, make_quadrants

LIMITS = Limits(cpu_seconds=5, wall_seconds=20)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this wall")


@pytest.fixture
def decoders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Decoders]:
    made = Decoders(tmp_path, monkeypatch)
    yield made
    made.stop()


def answer_of(sandbox: Sandbox, task: Any = None, limits: Limits = LIMITS) -> Any:
    with sandbox.decode(task or {}, limits) as child:
        return child.receive_json()


def refusal_of(sandbox: Sandbox, limits: Limits = LIMITS) -> str:
    with pytest.raises(ContentRejectedError) as refused:
        answer_of(sandbox, limits=limits)
    assert refused.value.message
    return refused.value.code


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("os.kill(os.getpid(), signal.SIGXCPU)", "TooMuchTime"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "TooMuchMemory"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "CorruptImage"),
        ("os.abort()", "CorruptImage"),
        ("os._exit(1)", "CorruptImage"),
        ("parent._channel.write(bytes([255] * 8))", "CorruptImage"),
        ("parent._channel.write(b'\\0\\0\\0\\x40half')", "CorruptImage"),
        ("parent.send(b'no JSON')", "CorruptImage"),
        ("parent.send(b'[' * 100_000)", "CorruptImage"),
        ("pass", "CorruptImage"),
    ],
)
def test_a_child_that_dies_or_writes_garbage_refuses_the_file(
    decoders: Decoders, source: str, code: str
) -> None:
    assert refusal_of(decoders.make(source)) == code


def test_a_child_that_hangs_is_killed_and_the_next_file_is_decoded(decoders: Decoders) -> None:
    sandbox = decoders.make("if task['hang']:\n    time.sleep(600)\ntell('done')")
    with (
        pytest.raises(ContentRejectedError, match="TooMuchTime"),
        sandbox.decode({"hang": True}, Limits(cpu_seconds=5, wall_seconds=0.5)) as child,
    ):
        child.receive_json()
    exit_code, _, _ = child.end()
    assert exit_code == -9
    assert answer_of(sandbox, {"hang": False}) == "done"


def test_a_child_that_lingers_after_its_answer_is_killed(decoders: Decoders) -> None:
    sandbox = decoders.make("tell('done')\ntime.sleep(600)")
    assert answer_of(sandbox) == "done"
    assert answer_of(sandbox) == "done"


@pytest.mark.parametrize("ignored", ["", "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"])
def test_a_child_gets_so_much_processor_time_and_no_more(decoders: Decoders, ignored: str) -> None:
    sandbox = decoders.make(f"{ignored}while True: pass")
    assert refusal_of(sandbox, Limits(cpu_seconds=1, wall_seconds=60)) == "TooMuchTime"


@linux_only
def test_a_child_gets_so_much_memory_and_no_more(decoders: Decoders) -> None:
    sandbox = decoders.make("tell(len(bytearray(task['bytes'])))")
    limits = Limits(cpu_seconds=5, wall_seconds=20, memory_bytes=300_000_000)
    assert answer_of(sandbox, {"bytes": 100_000_000}, limits) == 100_000_000
    with pytest.raises(ContentRejectedError, match="TooMuchMemory"):
        answer_of(sandbox, {"bytes": 400_000_000}, limits)


def test_a_fault_of_ours_is_not_held_against_the_file_and_quotes_nothing_of_it(
    decoders: Decoders,
) -> None:
    sandbox = decoders.make("raise KeyError('written in the file')")
    with pytest.raises(DecoderError) as error:
        answer_of(sandbox)
    assert "KeyError" in str(error.value)
    assert "written in the file" not in str(error.value)


def test_a_file_finds_nothing_of_those_before_it(decoders: Decoders) -> None:
    sandbox = decoders.make(
        "global seen\nseen += 1\nos.environ['LEFT'] = 'x'\ntell([seen, dict(os.environ)])",
        before="seen = 0",
    )
    first = answer_of(sandbox)
    assert first[0] == 1
    assert answer_of(sandbox) == first


def test_when_the_process_itself_dies_another_takes_its_place(decoders: Decoders) -> None:
    sandbox = decoders.make("tell(os.getppid())")
    process = answer_of(sandbox)
    os.kill(process, 9)
    for _ in range(2):  # the first may still find it dying
        try:
            another = answer_of(sandbox)
        except DecoderError:
            continue
    assert another != process


def test_a_decoder_that_cannot_be_imported_is_a_fault_of_ours() -> None:
    sandbox = Sandbox("no_such_decoder", "image")
    with pytest.raises(DecoderError):
        answer_of(sandbox)
    sandbox.stop()


def test_a_child_has_nothing_of_the_functions_environment(
    decoders: Decoders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("PHOTOS_TABLE", "a-table")
    sandbox = decoders.make(
        "tell([dict(os.environ), initial])",
        before="""
        try:
            initial = open("/proc/self/environ").read()
        except OSError:
            initial = ""
        """,
    )
    environment, initial = answer_of(sandbox)
    assert set(environment) <= {
        "MALLOC_ARENA_MAX",
        "MALLOC_MMAP_THRESHOLD_",
        "MALLOC_TRIM_THRESHOLD_",
        "PILLOW_BLOCK_SIZE",
        "PATH",
        "LD_LIBRARY_PATH",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "PYTHONPATH",
    }
    assert "very-secret" not in initial
    # The 64-bit glibc of Amazon Linux 2023 refuses more (malloc.c: HEAP_MAX_SIZE / 2).
    assert int(environment["MALLOC_MMAP_THRESHOLD_"]) <= 32 * 1024**2
    if sys.platform == "linux" and os.geteuid() == 0:
        assert initial, "the superuser may read it: it was looked at"


def test_a_child_can_open_neither_file_nor_socket(decoders: Decoders) -> None:
    sandbox = decoders.make(
        """
        refused = []
        for attempt in (
            lambda: open("/etc/hostname"),
            lambda: open("/tmp/written", "w"),
            lambda: socket.socket(socket.AF_INET),
            lambda: socket.socketpair(),
            os.pipe,
            lambda: os.dup(parent._channel.fileno()),
        ):
            try:
                attempt()
            except OSError as error:
                refused.append(error.errno)
        tell(refused)
        """
    )
    assert len(answer_of(sandbox)) == 6


def test_a_child_holds_its_own_files_alone(decoders: Decoders) -> None:
    sandbox = decoders.make(
        """
        held = []
        for number in range(256):
            try:
                held.append([number, os.fstat(number).st_ino])
            except OSError:
                pass
        own = [0, 1, 2, parent._channel.fileno(), original.fileno()]
        tell([held, own, original.read().decode()])
        """
    )
    with tempfile.TemporaryFile() as original:
        original.write(b"the original")
        original.seek(0)
        with sandbox.decode({}, LIMITS, original) as child:
            held, expected, content = child.receive_json()
    assert [number for number, _ in held] == sorted(expected)
    assert len({inode for _, inode in held[:3]}) == 1, "standard files lead to /dev/null"
    assert content == "the original"


_LOOK_AT_THE_FUNCTION = """
    found = {}
    for name in ("environ", "mem", "maps"):
        try:
            with open(f"/proc/{os.getppid()}/{name}", "rb") as opened:
                opened.read(1)
            found[name] = "read"
        except OSError as error:
            found[name] = type(error).__name__
"""


@linux_only
def test_neither_the_process_nor_its_child_can_read_the_functions_memory(tmp_path: Path) -> None:
    """As on AWS, where no function is the superuser: capabilities are dropped for it."""
    script = tmp_path / "function.py"
    script.write_text(
        textwrap.dedent("""
        import json, os, pathlib, sys, pytest
        from photodrop.imaging.sandbox import Limits
        from tests.support.decoders import Decoders
        with pytest.MonkeyPatch.context() as monkeypatch:
            decoders = Decoders(pathlib.Path(sys.argv[1]), monkeypatch)
            sandbox = decoders.make(
                'libc = ctypes.CDLL(None, use_errno=True)\\n'
                'libc.ptrace(0x4206, task["function"], 0, 0)\\n'  # PTRACE_SEIZE
                'tell([found, ctypes.get_errno()])',
                before=sys.argv[2],
            )
            with sandbox.decode({"function": os.getpid()}, Limits(5, 20)) as child:
                print(json.dumps(child.receive_json()))
            decoders.stop()
        """)
    )

    def drop_capabilities() -> None:
        libc = ctypes.CDLL(None)
        for capability in range(64):
            libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP: refused to those who have none

    made = subprocess.run(
        [sys.executable, str(script), str(tmp_path), textwrap.dedent(_LOOK_AT_THE_FUNCTION)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'functions'}:{ROOT}"},
        preexec_fn=drop_capabilities,
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    found, errno = json.loads(made.stdout)
    assert found == dict.fromkeys(("environ", "mem", "maps"), "PermissionError")
    assert errno == 1  # EPERM


def test_functions_that_decode_load_no_decoder_themselves() -> None:
    loaded = "{'PIL', 'pillow_heif', 'av', 'PIL.Image', '_libvips'} & set(sys.modules)"
    for module in ("resize_thumbnails", "thumbnail_photo", "process_video"):
        subprocess.run(
            [sys.executable, "-c", f"import sys, {module}; sys.exit(bool({loaded}))"],
            env={**os.environ, "PYTHONPATH": str(ROOT / "functions")},
            check=True,
        )


def test_the_decoders_process_loads_what_most_images_need_and_no_more() -> None:
    rare = "{'pillow_heif', 'PIL.AvifImagePlugin', 'PIL.TiffImagePlugin', 'PIL.PngImagePlugin'}"
    code = f"import sys, photodrop.imaging.image_decoder; sys.exit(bool({rare} & set(sys.modules)))"
    subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "functions")},
        check=True,
    )


ODD_FILES = {name: encode(make_quadrants(), name) for name in FORMATS} | ODD_MODES


@pytest.mark.parametrize("name", ODD_FILES)
def test_every_kind_of_image_is_decoded_as_without_a_sandbox(name: str) -> None:
    """Whatever a decoder would still want to import or open is missing here, and shows up."""
    content = ODD_FILES[name]
    expected = thumbnails.make_thumbnails(io.BytesIO(content), (20, 40))
    with tempfile.TemporaryFile() as original:
        original.write(content)
        original.seek(0)
        made = images.make_thumbnails(original, (20, 40), budget=Budget(), limits=LIMITS)
        assert made == expected
        for content_type in ("image/webp", "image/jpeg", "image/avif"):
            one = images.make_thumbnail(
                original, (30, 20), budget=Budget(), content_type=content_type, limits=LIMITS
            )
            assert one == thumbnails.make_thumbnail(
                io.BytesIO(content), (30, 20), content_type=content_type
            )


@pytest.mark.parametrize(
    "content_type", sorted({str(sniff(content[:SNIFF_BYTES])) for content in ODD_FILES.values()})
)
def test_a_process_that_has_decoded_no_other_type_loads_all_that_a_type_needs(
    content_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = Sandbox("photodrop.imaging.image_decoder", "image")
    monkeypatch.setattr(images, "_sandbox", sandbox)
    for content in ODD_FILES.values():
        if sniff(content[:SNIFF_BYTES]) == content_type:
            with tempfile.TemporaryFile() as original:
                original.write(content)
                original.seek(0)
                made = images.make_thumbnails(original, (20,), budget=Budget(), limits=LIMITS)
            assert made == thumbnails.make_thumbnails(io.BytesIO(content), (20,))
    sandbox.stop()


@pytest.mark.parametrize("thumbnail_type", ["image/jpeg", "image/webp", "image/avif"])
def test_a_process_that_has_made_no_other_type_loads_all_that_a_type_needs(
    thumbnail_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = Sandbox("photodrop.imaging.image_decoder", "image")
    monkeypatch.setattr(images, "_sandbox", sandbox)
    with tempfile.TemporaryFile() as original:
        original.write(encode(make_quadrants(), "image/webp"))
        original.seek(0)
        made = images.make_thumbnail(
            original, (30, 20), budget=Budget(), content_type=thumbnail_type, limits=LIMITS
        )
    assert made.data
    sandbox.stop()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"thumbnails": [], "thumbHash": ""},
        {"thumbnails": [[20, 20], [20, 20]], "thumbHash": ""},
        {"thumbnails": [[21, 20]], "thumbHash": ""},
        {"thumbnails": [[20, 0]], "thumbHash": ""},
        {"thumbnails": [["20", 20]], "thumbHash": ""},
        {"thumbnails": [[20, 20]], "thumbHash": "x" * 1000},
        {"thumbnails": [[20, 20]], "thumbHash": None},
        {"thumbnails": [[20, 20]], "thumbHash": ""},  # and no bytes after it
    ],
)
def test_an_answer_that_was_not_asked_for_is_not_believed(
    decoders: Decoders, monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr(images, "_sandbox", decoders.make(f"tell({answer!r})"))
    with (
        tempfile.TemporaryFile() as original,
        pytest.raises(ContentRejectedError, match="CorruptImage"),
    ):
        images.make_thumbnails(original, [20], budget=Budget(), limits=LIMITS)


def test_a_jpeg_of_900_scans_takes_too_much_time() -> None:
    with tempfile.TemporaryFile() as original:
        original.write(pictures.many_scans())
        original.seek(0)
        with pytest.raises(ContentRejectedError, match="TooMuchTime"):
            images.make_thumbnails(
                original, [160], budget=Budget(), limits=Limits(cpu_seconds=1, wall_seconds=60)
            )
