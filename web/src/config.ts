/** Where this deployment's service is. Read at start from /config.json, so one build serves them all. */
export interface Config {
  apiUrl: string;
  region: string;
  userPoolId: string;
  userPoolClientId: string;
  /** Where Cognito answers; null on AWS, where the region says it. */
  cognitoEndpoint: string | null;
  /** Whether anybody may create an account; otherwise an administrator does. Absent means yes. */
  selfSignUp?: boolean;
  /** What thumbnails may be asked for, and the largest files accepted: the deployment's parameters. */
  thumbnailResolutions?: string[];
  maxImageBytes?: number;
  maxVideoBytes?: number;
  /** Users of a local stack, to sign in with by one click. Absent on AWS. */
  demoUsers?: { email: string; password: string; groups: string[] }[];
  /** What a local stack, which sends no e-mail, takes for the codes of such e-mails. */
  codes?: { signUp: string; newPassword: string };
}

let loaded: Config | undefined;

export async function loadConfig(): Promise<Config> {
  const answer = await fetch("/config.json", { cache: "no-cache" });
  if (!answer.ok) throw new Error(`/config.json answered ${answer.status}.`);
  loaded = (await answer.json()) as Config;
  return loaded;
}

export function config(): Config {
  if (!loaded) throw new Error("The configuration is read before anything else starts.");
  return loaded;
}
