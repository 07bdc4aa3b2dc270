import type { Method } from './methods/define.ts';
import { usageLine } from './params/signature.ts';
import { describeResult } from './schema/describe.ts';

/** Whether `help` knows a method. @param overSocket the client uses a WebSocket. */
export function isExplained(method: Method, overSocket: boolean): boolean {
  return method.status === 'built' && (method.scope === 'http' || (overSocket && method.scope === 'websocket'));
}

/** Usage lines of all methods that this client can call, sorted by name, without a final newline. */
export function usageList(methods: ReadonlyMap<string, Method>, overSocket: boolean): string {
  return [...methods.values()]
    .filter((method) => isExplained(method, overSocket))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(usageLine)
    .join('\n');
}

/** Stands behind the explanation of a method that other nodes of the network do not have. */
const EXTENSION_NOTE = 'Not in soterd 2.1.1.';

/** What a method does, and whether other nodes have it. */
export function aboutText({ about, extension }: Method): string {
  return extension ? `${about} ${EXTENSION_NOTE}` : about;
}

/** Usage line, explanation, arguments and result of one method. */
export function helpText(method: Method): string {
  const argumentLines = method.params.map((param, position) => {
    const fallback = param.fallback === undefined ? '' : `, default=${param.type.showDefault(param.fallback)}`;
    const need = param.required ? 'required' : `optional${fallback}`;
    return `${position + 1}. ${param.name} (${param.type.kind}, ${need}) ${param.about}`;
  });
  return [
    usageLine(method),
    '',
    aboutText(method),
    '',
    'Arguments:',
    ...(argumentLines.length > 0 ? argumentLines : ['None']),
    '',
    ...(method.result ? describeResult(method.result) : []),
  ].join('\n');
}
