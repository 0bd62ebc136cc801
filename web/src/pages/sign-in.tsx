/** Sign in, sign up, confirm, and a new password for a forgotten or a temporary one. */
import { type ReactNode, useState } from "react";
import { AttributeFields, attributesOf } from "../auth/attributes";
import * as auth from "../auth/auth";
import { useSession } from "../auth/session";
import { config } from "../config";
import { Field, TextField } from "../ui/field";
import { Logo } from "../ui/logo";
import { useTitle } from "../ui/title";

type Step = "signIn" | "signUp" | "confirm" | "forgot" | "newPassword" | "replace";

const HEADINGS: Record<Step, string> = {
  signIn: "Sign in",
  signUp: "Create an account",
  confirm: "Check your e-mail",
  forgot: "Forgot your password?",
  newPassword: "Choose a new password",
  replace: "Choose your own password",
};

export default function SignIn() {
  const { signedIn } = useSession();
  const [step, setStep] = useState<Step>("signIn");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState("");
  const [news, setNews] = useState("");
  const [missing, setMissing] = useState<string[]>([]);
  const [isBusy, setBusy] = useState(false);
  useTitle(HEADINGS[step]);

  function go(next: Step) {
    setStep(next);
    setProblem("");
    setNews("");
    if (next === "signIn") setPassword("");
  }

  async function attempt(act: () => Promise<void>) {
    setBusy(true);
    setProblem("");
    try {
      await act();
    } catch (error) {
      setProblem(auth.inWords(error));
    } finally {
      setBusy(false);
    }
  }

  async function enter(address: string, secret: string) {
    setEmail(address);
    await goOn(await auth.signIn(address, secret), address);
  }

  async function goOn(next: auth.Next, address: string) {
    if (next.step === "done") await signedIn();
    else if (next.step === "confirm") {
      go("confirm");
      await auth.sendCodeAgain(address);
    } else if (next.step === "reset") {
      await sendResetCode(address, "Your password has been reset, so please choose a new one.");
    } else {
      setPassword("");
      setMissing(next.missing);
      go("replace");
    }
  }

  /** A code is sent to confirmed addresses only: one that is not confirmed is confirmed first. */
  async function sendResetCode(address: string, reason = "") {
    setPassword("");
    try {
      await auth.forgot(address);
      go("newPassword");
      setNews(reason);
    } catch (error) {
      if (!auth.isUnconfirmed(error)) throw error;
      await auth.sendCodeAgain(address);
      go("confirm");
      setNews("Please confirm your e-mail address first.");
    }
  }

  const submit: Record<Step, (form: FormData) => Promise<void>> = {
    signIn: () => enter(email, password),
    signUp: async () => {
      if ((await auth.signUp(email, password)).step === "confirm") go("confirm");
      else await enter(email, password);
    },
    confirm: async (form) => {
      await auth.confirm(email, String(form.get("code")).trim());
      await (password ? enter(email, password) : sendResetCode(email));
    },
    forgot: () => sendResetCode(email),
    newPassword: async (form) => {
      await auth.choosePassword(email, String(form.get("code")).trim(), password);
      await enter(email, password);
    },
    replace: async (form) =>
      goOn(await auth.replacePassword(password, attributesOf(form, missing)), email),
  };

  const emailField = (
    <TextField
      label="E-mail"
      type="email"
      name="email"
      autoComplete="username"
      required
      value={email}
      onChange={setEmail}
    />
  );
  const passwordField = (isNew: boolean): ReactNode => (
    <TextField
      label={isNew ? "New password" : "Password"}
      hint={isNew ? auth.PASSWORD_RULES : undefined}
      type="password"
      name="password"
      autoComplete={isNew ? "new-password" : "current-password"}
      minLength={isNew ? 12 : undefined}
      required
      value={password}
      onChange={setPassword}
    />
  );
  const localCode = step === "newPassword" ? config().codes?.newPassword : config().codes?.signUp;
  const codeField = (
    <Field
      label="Code"
      hint={
        localCode
          ? `This is a local stack, which sends no e-mail. The code is ${localCode}.`
          : `Sent to ${email}. It can take a minute to arrive.`
      }
    >
      <input name="code" inputMode="numeric" autoComplete="one-time-code" required />
    </Field>
  );
  const codeLinks = (send: (address: string) => Promise<unknown>): ReactNode => (
    <>
      <Choice
        onClick={() =>
          void attempt(async () => {
            await send(email);
            setNews("A new code is on its way.");
          })
        }
      >
        Send a new code
      </Choice>
      <Choice onClick={() => go("signIn")}>Back</Choice>
    </>
  );

  const bodies: Record<Step, { fields: ReactNode; action: string; links: ReactNode }> = {
    signIn: {
      fields: (
        <>
          {emailField}
          {passwordField(false)}
        </>
      ),
      action: "Sign in",
      links: (
        <>
          {config().selfSignUp !== false && (
            <Choice onClick={() => go("signUp")}>Create an account</Choice>
          )}
          <Choice onClick={() => go("forgot")}>Forgot password?</Choice>
        </>
      ),
    },
    signUp: {
      fields: (
        <>
          {emailField}
          {passwordField(true)}
        </>
      ),
      action: "Create account",
      links: <Choice onClick={() => go("signIn")}>I have an account</Choice>,
    },
    confirm: {
      fields: codeField,
      action: "Confirm",
      links: codeLinks(auth.sendCodeAgain),
    },
    forgot: {
      fields: emailField,
      action: "Send me a code",
      links: <Choice onClick={() => go("signIn")}>Back</Choice>,
    },
    newPassword: {
      fields: (
        <>
          {codeField}
          {passwordField(true)}
        </>
      ),
      action: "Save and sign in",
      links: codeLinks(auth.forgot),
    },
    replace: {
      fields: (
        <>
          <p className="muted">
            You have signed in with a temporary password. Choose one that only you know.
          </p>
          <input type="hidden" name="username" autoComplete="username" value={email} />
          {passwordField(true)}
          <AttributeFields names={missing} />
        </>
      ),
      action: "Save and continue",
      links: <Choice onClick={() => go("signIn")}>Back</Choice>,
    },
  };
  const { fields, action, links } = bodies[step];
  const demoUsers = config().demoUsers ?? [];

  return (
    <div className="welcome">
      <section className="welcome-story" aria-label="About Photodrop">
        <p className="welcome-brand">
          <Logo size={40} /> Photodrop
        </p>
        <p className="welcome-line">
          Everyone’s photos,
          <br />
          in one place.
        </p>
        <p className="welcome-more">
          Drop your pictures, see everybody else’s, and keep the originals safe.
        </p>
      </section>
      <main className="welcome-form" id="main">
        <h1>{HEADINGS[step]}</h1>
        <form key={step} className="stack" action={(form) => attempt(() => submit[step](form))}>
          {fields}
          {problem && (
            <p className="field-error" role="alert">
              {problem}
            </p>
          )}
          <p role="status" className="muted" hidden={!news}>
            {news}
          </p>
          <button type="submit" className="button primary big" disabled={isBusy}>
            {isBusy ? "One moment…" : action}
          </button>
        </form>
        <p className="welcome-links">{links}</p>
        {step === "signIn" && demoUsers.length > 0 && (
          <section className="demo" aria-labelledby="demo-heading">
            <h2 id="demo-heading">Or look around as</h2>
            <div className="demo-users">
              {demoUsers.map((user) => (
                <button
                  key={user.email}
                  type="button"
                  className="demo-user"
                  disabled={isBusy}
                  onClick={() => void attempt(() => enter(user.email, user.password))}
                >
                  <span className="avatar" aria-hidden>
                    {user.email.charAt(0).toUpperCase()}
                  </span>
                  <span>
                    {user.email}
                    <small>{ROLES[user.groups[0] ?? ""] ?? "attends events"}</small>
                  </span>
                </button>
              ))}
            </div>
          </section>
        )}
      </main>
    </div>
  );
}

const ROLES: Record<string, string> = { organizers: "organizes events", staff: "manages students" };

function Choice(props: { onClick: () => void; children: ReactNode }) {
  return (
    <button type="button" className="link" onClick={props.onClick}>
      {props.children}
    </button>
  );
}
