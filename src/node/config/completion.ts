import type { OptionDefinition } from './option.ts';

/** Shells that completion scripts are made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** What is to be completed. */
export interface Completable {
  /** Name of the program. */
  readonly program: string;
  readonly options: { readonly [name: string]: OptionDefinition };
  /** What may stand first instead of an option: sub-commands, methods. */
  readonly words: readonly string[];
}

/** The script that makes a shell complete the options of a program; undefined for a shell that is not known. */
export function completionScript(shell: string, what: Completable): string | undefined {
  switch (SHELLS.find((known) => known === shell)) {
    case 'bash':
      return bash(what);
    case 'zsh':
      return zsh(what);
    case 'fish':
      return fish(what);
    case undefined:
      return undefined;
  }
}

const HELP: OptionDefinition<'bool'> = {
  name: 'help',
  short: 'h',
  kind: 'bool',
  fallback: false,
  group: 'Help',
  about: 'Show the help text and exit',
};

function all({ options }: Completable): readonly OptionDefinition[] {
  return [HELP, ...Object.values(options)];
}

function bash(what: Completable): string {
  const { program, words } = what;
  const long = all(what).map(({ name, kind }) => (kind === 'bool' ? `--${name}` : `--${name}=`));
  const choices = all(what).flatMap(({ name, choices }) =>
    choices ? [`      --${name}) words='${choices.join(' ')}' ;;`] : [],
  );
  return `# Completion of ${program} for bash: source <(${program} --completion bash)
_${program}() {
  local current=\${COMP_WORDS[COMP_CWORD]} words='' option=''
  # Bash takes --name=value apart into three words.
  if [[ $current == '=' ]]; then
    option=\${COMP_WORDS[COMP_CWORD-1]} current=''
  elif [[ $COMP_CWORD -gt 1 && \${COMP_WORDS[COMP_CWORD-1]} == '=' ]]; then
    option=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if [[ -n $option ]]; then
    case $option in
${choices.join('\n')}
      *) return ;;
    esac
  elif [[ $current == -* ]]; then
    words='${long.join(' ')}'
  else
    words='${words.join(' ')}'
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -o default -F _${program} ${program}
`;
}

function zsh(what: Completable): string {
  const { program, words } = what;
  const lines = all(what).flatMap(({ name, short, kind, about, choices }) => {
    const text = about.replace(/'/gu, "'\\''").replace(/[[\]:]/gu, '\\$&');
    const repeat = kind === 'list' ? '*' : '';
    const value = choices ? `:value:(${choices.join(' ')})` : ':value:_files';
    const long = `'${repeat}--${name}${kind === 'bool' ? '' : '='}[${text}]${kind === 'bool' ? '' : value}'`;
    if (short === undefined) return [long];
    return [long, `'${repeat}-${short}${kind === 'bool' ? '' : '+'}[${text}]${kind === 'bool' ? '' : value}'`];
  });
  const first = words.length === 0 ? [] : [`'1:command:(${words.join(' ')})'`];
  return `#compdef ${program}
# Completion of ${program} for zsh: ${program} --completion zsh > "\${fpath[1]}/_${program}"
_arguments -s ${[...lines, ...first, "'*:file:_files'"].map((line) => `\\\n  ${line}`).join(' ')}
`;
}

function fish(what: Completable): string {
  const { program, words } = what;
  const quoted = (text: string) => `'${text.replace(/[\\']/gu, '\\$&')}'`;
  const lines = all(what).map(({ name, short, kind, about, choices }) => {
    const value = kind === 'bool' ? '' : choices ? ` -x -a ${quoted(choices.join(' '))}` : ' -r';
    return `complete -c ${program} -l ${name}${short === undefined ? '' : ` -s ${short}`}${value} -d ${quoted(about)}`;
  });
  if (words.length > 0) lines.push(`complete -c ${program} -n __fish_use_subcommand -f -a ${quoted(words.join(' '))}`);
  return `# Completion of ${program} for fish: ${program} --completion fish | source\n${lines.join('\n')}\n`;
}
