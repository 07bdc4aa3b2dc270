import { completionScript, type PathEnvironment, SHELLS } from '../node/config/index.ts';
import type { TextSink } from '../node/logging/index.ts';
import {
  ArgumentsError,
  compactJson,
  isJsonObject,
  JsonNumber,
  JsonParseError,
  type JsonValue,
  jsonMember,
  type Method,
  paramsFromArguments,
  parseJson,
  prettyJson,
  rpcMethods,
  usageLine,
} from '../rpc/index.ts';
import { ClientError, post } from './soterctl-client.ts';
import { type ClientConfig, readClientCommand } from './soterctl-config.ts';
import { SOTERCTL_OPTIONS } from './soterctl-options.ts';

const VERSION = '0.13.0';
const LIST_HINT = 'Specify -l to list available commands';

/** What soterctl has of the outside. */
export interface SoterctlWorld extends PathEnvironment {
  readonly args: readonly string[];
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  /** All of standard input; called only if an argument asks for it. */
  readStdin(): string;
}

/** A mistake of the user or an answer that is an error; the message goes to standard error. */
class Failure extends Error {}

/** Runs soterctl. @returns the exit code. */
export async function runSoterctl(world: SoterctlWorld): Promise<number> {
  const command = readClientCommand(world.args, world, (message) => world.stderr.write(`${message}\n`));
  try {
    switch (command.kind) {
      case 'help':
        world.stdout.write(command.text);
        return 0;
      case 'version':
        world.stdout.write(`soterctl version ${VERSION}\n`);
        return 0;
      case 'list':
        world.stdout.write(commandList());
        return 0;
      case 'completion':
        world.stdout.write(completion(command.shell));
        return 0;
      case 'wrong':
        throw new Failure(command.message);
      case 'call': {
        const text = await call(command.config, command.args, () => world.readStdin());
        if (text !== undefined) world.stdout.write(`${text}\n`);
        return 0;
      }
    }
  } catch (error) {
    if (error instanceof Failure || error instanceof ClientError) {
      world.stderr.write(`${error.message}\n`);
      return 1;
    }
    throw error;
  }
}

/** The script that completes options and commands. */
function completion(shell: string): string {
  const words = [...rpcMethods.values()].filter(({ scope, status }) => scope === 'http' && status === 'built');
  const names = words.map(({ name }) => name).sort();
  const script = completionScript(shell, { program: 'soterctl', options: SOTERCTL_OPTIONS, words: names });
  if (script === undefined) throw new Failure(`there is no completion for '${shell}': ${SHELLS.join(', ')}`);
  return script;
}

/** Usage lines of all commands, those for wallets apart. */
function commandList(): string {
  const lines = (wallet: boolean) =>
    [...rpcMethods.values()]
      .filter((method) => method.scope === 'http' && method.wallet === wallet)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((method) => `${usageLine(method)}\n`)
      .join('');
  return `Chain Server Commands:\n${lines(false)}\nWallet Server Commands (--wallet):\n${lines(true)}\n`;
}

/** Sends a command; the text to print, undefined for none. */
async function call(
  config: ClientConfig,
  args: readonly string[],
  readStdin: () => string,
): Promise<string | undefined> {
  const [name, ...rest] = args;
  if (name === undefined)
    throw new Failure(
      `No command specified\nUsage:\n  soterctl [OPTIONS] <command> <args...>\n\nSpecify -h to show available options\n${LIST_HINT}`,
    );
  const method = rpcMethods.get(name);
  if (!method) throw new Failure(`Unrecognized command '${name}'\n${LIST_HINT}`);
  if (method.scope !== 'http') throw new Failure(`The '${name}' command can only be used via websockets\n${LIST_HINT}`);
  const params = convertArguments(method, withStdinLines(rest, readStdin));
  const request = `{"jsonrpc":"1.0","method":${JSON.stringify(name)},"params":${compactJson(params)},"id":1}`;
  return show(await post(config, request));
}

/** Replaces each argument `-` by the next line of standard input. */
function withStdinLines(args: readonly string[], readStdin: () => string): readonly string[] {
  if (!args.includes('-')) return args;
  const lines = readStdin().split('\n');
  if (lines.at(-1) === '') lines.pop();
  return args.map((arg) => {
    if (arg !== '-') return arg;
    const line = lines.shift();
    if (line === undefined) throw new Failure('Not enough lines provided on stdin');
    return line.replace(/\r+$/u, '');
  });
}

function convertArguments(method: Method, args: readonly string[]): readonly JsonValue[] {
  try {
    return paramsFromArguments(method, args);
  } catch (error) {
    if (error instanceof ArgumentsError)
      throw new Failure(
        `${method.name} command: ${error.message} (code: ${error.code})\nUsage:\n  ${usageLine(method)}`,
      );
    throw error;
  }
}

/** The result of an answer for people: containers indented, texts bare, nothing for null. */
function show(body: string): string | undefined {
  const answer = parseAnswer(body);
  const error = isJsonObject(answer) ? (jsonMember(answer, 'error') ?? null) : null;
  if (isJsonObject(error)) {
    const code = error.get('code');
    throw new Failure(`${code instanceof JsonNumber ? code.text : '0'}: ${String(error.get('message') ?? '')}`);
  }
  const result = isJsonObject(answer) ? (jsonMember(answer, 'result') ?? null) : null;
  if (result === null) return undefined;
  return typeof result === 'string' ? result : prettyJson(result);
}

function parseAnswer(body: string): JsonValue {
  try {
    return parseJson(body);
  } catch (error) {
    if (error instanceof JsonParseError) throw new Failure(error.message);
    throw error;
  }
}
