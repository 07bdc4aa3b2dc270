import type { Method } from './methods/define.ts';
import { usageLine } from './params/signature.ts';
import { describeResult } from './schema/describe.ts';

/** Usage lines of all methods that can be called over HTTP, sorted by name, without a final newline. */
export function usageList(methods: ReadonlyMap<string, Method>): string {
  return [...methods.values()]
    .filter((method) => method.status === 'built' && method.scope === 'http')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(usageLine)
    .join('\n');
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
    method.about,
    '',
    'Arguments:',
    ...(argumentLines.length > 0 ? argumentLines : ['None']),
    '',
    ...(method.result ? describeResult(method.result) : []),
  ].join('\n');
}
