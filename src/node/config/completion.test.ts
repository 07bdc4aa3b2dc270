import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { completionScript, SHELLS } from './completion.ts';
import { SOTERD_OPTIONS } from './soterd-options.ts';

const what = { program: 'soterd', options: SOTERD_OPTIONS, words: ['devnet'] };

function isThere(program: string): boolean {
  return spawnSync(program, ['-c', 'true']).error === undefined;
}

/** What bash offers behind these words, as it splits them. */
function offered(...words: string[]): string[] {
  const lines = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_soterd
echo "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['-c', `${completionScript('bash', what)}\n${lines}`], { encoding: 'utf8' });
  return output.trim().split(' ');
}

describe('completion', () => {
  test.each(SHELLS)('%s: knows every option', (shell) => {
    const script = completionScript(shell, what) ?? '';
    for (const { name } of Object.values(SOTERD_OPTIONS)) expect(script).toMatch(new RegExp(`[ -]${name}\\b`, 'u'));
  });

  test.each(SHELLS.filter(isThere))('%s can read it', (shell) => {
    const { status, stderr } = spawnSync(shell, ['-n'], { input: completionScript(shell, what), encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  test.runIf(isThere('bash'))('bash offers options, words and values', () => {
    expect(offered('soterd', '--maxp')).toEqual(['--maxpeers=']);
    expect(offered('soterd', '--nol')).toEqual(['--nolisten']);
    expect(offered('soterd', 'dev')).toEqual(['devnet']);
    expect(offered('soterd', '--logformat', '=')).toEqual(['text', 'json']);
    expect(offered('soterd', '--logformat', '=', 'j')).toEqual(['json']);
    // Nothing of ours: then bash offers files.
    expect(offered('soterd', '--datadir', '=', '/t')).toEqual(['']);
  });

  test('other shells are unknown', () => {
    expect(completionScript('tcsh', what)).toBeUndefined();
  });
});
