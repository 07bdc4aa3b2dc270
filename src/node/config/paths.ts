import { dirname, join, normalize } from 'node:path';

/** What the default folders depend on. */
export interface PathEnvironment {
  readonly platform: string;
  readonly env: { readonly [name: string]: string | undefined };
  /** Home folder of the account in the operating system's user data base. */
  accountHome(): string | undefined;
}

/** The user's home folder: `HOME` if it is set, else that of the account. */
function homeFolder({ env, accountHome }: PathEnvironment): string {
  return env.HOME || accountHome() || '.';
}

/**
 * The folder that a program of this family keeps its files in, e.g. `~/.soterd`, `~/Library/Application Support/Soterd`
 * or `%LOCALAPPDATA%\Soterd`.
 * @param name lower case.
 */
export function applicationFolder(name: string, environment: PathEnvironment): string {
  const capital = name.slice(0, 1).toUpperCase() + name.slice(1);
  const { env, platform } = environment;
  if (platform === 'win32') {
    const base = env.LOCALAPPDATA || env.APPDATA;
    return base ? join(base, capital) : join(homeFolder(environment), capital);
  }
  if (platform === 'darwin') return join(homeFolder(environment), 'Library', 'Application Support', capital);
  return join(homeFolder(environment), `.${name}`);
}

/**
 * A path as the user wrote it: a leading `~` stands for the folder that holds `applicationFolder`, `$NAME` and `${NAME}`
 * for environment variables (nothing if unset).
 */
export function expandPath(path: string, applicationFolder: string, env: PathEnvironment['env']): string {
  const home = path.startsWith('~') ? dirname(applicationFolder) + path.slice(1) : path;
  const expanded = home.replace(
    /\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))/gu,
    (_, braced: string | undefined, bare: string | undefined) => env[braced ?? bare ?? ''] ?? '',
  );
  const clean = normalize(expanded);
  return clean.length > 1 && clean.endsWith('/') ? clean.slice(0, -1) : clean;
}
