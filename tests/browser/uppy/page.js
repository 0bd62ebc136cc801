import * as modesOf5 from "./v5/modes.js";
import * as packages5 from "./v5/packages.js";
import * as modesOf6 from "./v6/modes.js";
import * as packages6 from "./v6/packages.js";

/**
 * Puts an Uppy on the page, in one of the modes of v5/modes.js and v6/modes.js: a file input, each
 * file's progress and error, and the messages that Uppy's own Informer would show.
 */
window.openUppy = (mode, { meta, declareSizes, goldenRetriever, ...options }) => {
  const [{ Uppy, AwsS3, GoldenRetriever }, modes] =
    mode in modesOf5 ? [packages5, modesOf5] : [packages6, modesOf6];
  const uppy = new Uppy({ id: "photos", meta: meta ?? {} });
  uppy.use(AwsS3, modes[mode]({ ...options, uppy }));
  if (declareSizes) {
    uppy.on("file-added", (file) => uppy.setFileMeta(file.id, { sizeBytes: String(file.size) }));
  }
  if (goldenRetriever) uppy.use(GoldenRetriever, goldenRetriever);

  const list = document.querySelector("ul");
  const messages = document.querySelector("[role=alert]");
  uppy.on("state-update", () => {
    const { files, info } = uppy.getState();
    list.replaceChildren(...Object.values(files).map(describe));
    if (info.length) messages.textContent = `${info.at(-1).message}. ${info.at(-1).details ?? ""}`;
  });
  const input = document.querySelector("input");
  input.onchange = () => {
    for (const file of input.files) uppy.addFile({ name: file.name, type: file.type, data: file });
    input.value = "";
  };
  window.uppy = uppy;
};

function describe(file) {
  const item = document.createElement("li");
  item.dataset.status = statusOf(file);
  item.textContent = `${file.name}: ${item.dataset.status}, ${file.progress.percentage ?? 0} %`;
  if (file.error) item.textContent += `. ${file.error}`;
  return item;
}

function statusOf(file) {
  if (file.error) return "failed";
  if (file.progress.uploadComplete) return "uploaded";
  if (file.isPaused) return "paused";
  return file.progress.uploadStarted ? "uploading" : "added";
}
