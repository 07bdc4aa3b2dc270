import { aboutText, helpText } from './help.ts';
import type { Method } from './methods/define.ts';
import { usageLine } from './params/signature.ts';

/**
 * The part of docs/rpc.md that lists and explains the methods: Markdown that `npm run docs:rpc` puts between its markers there.
 */
export function methodReference(methods: ReadonlyMap<string, Method>): string {
  const built = [...methods.values()]
    .filter(({ status }) => status === 'built')
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const http = built.filter(({ scope }) => scope === 'http');
  const socket = built.filter(({ scope }) => scope === 'websocket');
  return [
    ...table(http),
    ...(socket.length > 0 ? ['', 'Over WebSockets only:', '', ...table(socket)] : []),
    ...built.flatMap(section),
  ].join('\n');
}

function table(methods: readonly Method[]): string[] {
  return [
    '| usage | limited user | what it does |',
    '|---|---|---|',
    ...methods.map(
      (method) =>
        `| ${code(usageLine(method))} | ${method.limited ? 'yes' : ''} | ${aboutText(method).replaceAll('|', '\\|')} |`,
    ),
  ];
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function section(method: Method): string[] {
  return ['', `### ${method.name}`, '', '```text', helpText(method), '```'];
}
