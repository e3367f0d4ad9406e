/** A file that says it is Kamailio's is refused as a whole, with a list of what would have to change in it. */
import type { Problem } from '../../../platform/problems.ts';
import { Problems } from './diagnostics.ts';
import type { Token } from './lexer.ts';

type Test = (token: Token, next: Token | undefined, after: Token | undefined) => boolean;

const CHANGES: readonly (readonly [find: Test, change: string])[] = [
  [
    (t) => /^(?:request|reply|local|startup|timer|event|onsend)_route$/.test(t.text),
    'route blocks called route, with numbers: route { }, route[1] { }',
  ],
  [
    (t, next, after) =>
      t.text === 'route' && (next?.text === '[' || next?.text === '(') && after?.kind === 'identifier',
    'numbers for the names of routes',
  ],
  [(t) => t.kind === 'variable', 'conditions on method, uri, from_uri, src_ip ... in place of variables'],
  [
    (t) => t.kind === 'string' && /^(?:.*\/)?db_\w+\.so$/.test(t.text),
    'the module mysql or postgres in place of db_mysql or db_postgres',
  ],
  [(t) => t.text === 'while' || t.text === 'switch', 'if and else in place of while and switch'],
];

export function refuseKamailio(mark: Token, tokens: readonly Token[], text: string, file: string): readonly Problem[] {
  const needed: string[] = [];
  const directive = text.split('\n').findIndex((line) => /^#!(?!KAMAILIO)[a-z]/.test(line));
  if (directive >= 0) needed.push(`no preprocessor lines (line ${directive + 1})`);
  for (const [find, change] of CHANGES) {
    const found = tokens.find((token, index) => find(token, tokens[index + 1], tokens[index + 2]));
    if (found) needed.push(`${change} (line ${found.line})`);
  }
  needed.push('no #!KAMAILIO line');
  const problems = new Problems(file, text);
  problems.error('SCRIPT_KAMAILIO', mark, 'this file is written for Kamailio', {
    cause: 'Gatehouse runs the language of SER 0.9 and OpenSER 1.3, which break, return and 0 mean other things in',
    cure: `the file would need:\n${needed.map((change) => `- ${change}`).join('\n')}`,
  });
  return problems.sorted();
}
