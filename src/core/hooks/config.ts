/** The section `hooks` of gatehouse.yaml: programs and servers that are asked and told (docs/hooks.md). */
import { accessSync, constants, statSync } from 'node:fs';
import * as z from 'zod';
import type { Problem } from '../../platform/problems.ts';

const DOORS = ['sip', 'portal', 'dial', 'radius'] as const;

const hook = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,64}$/, { error: 'must be letters, digits, dots, dashes and underscores' }),
  program: z
    .string()
    .regex(/^\//, { error: 'must be the absolute path of a program' })
    .optional()
    .describe('Started for each question and each notice; either this or `url`.'),
  url: z
    .url({ protocol: /^https?$/, error: 'must be an https:// address, or http:// on this machine' })
    .optional()
    .describe('Asked and told by POST.'),
  secret: z
    .string()
    .min(16)
    .max(256)
    .meta({ secret: true })
    .optional()
    .describe('Signs what is posted to `url`: it needs one.'),
  ca_file: z.string().min(1).optional().describe('The certificates that may vouch for `url`; unset: those of Node.'),
  doors: z
    .array(z.enum(DOORS))
    .min(1)
    .default([...DOORS])
    .describe('Whose sessions it is about.'),
  ask: z.boolean().default(true).describe('Ask before a session opens.'),
  tell: z.boolean().default(true).describe('Tell of each session that opened or ended.'),
  timeout_seconds: z.number().min(0.1).max(60).default(5).describe('How long a question or a notice may take.'),
  again_seconds: z
    .int()
    .min(0)
    .max(86_400)
    .default(3600)
    .describe('A session that it admitted is not asked for again for so long: telephones register every few minutes.'),
  on_failure: z
    .enum(['refuse', 'admit'])
    .default('refuse')
    .describe('When it cannot be asked, or says what is no answer.'),
});

export const hooksConfig = z
  .array(hook)
  .max(16)
  .default([])
  .describe('Programs and servers that may refuse sessions or set terms, and are told of their start and end.');

export type HookConfig = z.output<typeof hook>;

/** Problems: HOOK_INVALID. Nothing is started. */
export function checkHooks(hooks: readonly HookConfig[]): Problem[] {
  const problems: Problem[] = [];
  const tell = (message: string, cure: string) =>
    problems.push({
      severity: 'error',
      code: 'HOOK_INVALID',
      file: '`hooks` of gatehouse.yaml',
      line: 0,
      column: 0,
      message,
      cure,
    });
  const names = new Set<string>();
  for (const { name, program, url, secret } of hooks) {
    if (names.has(name)) tell(`two hooks are called ${name}`, 'rename one of them');
    names.add(name);
    if ((program === undefined) === (url === undefined))
      tell(`${name} needs either a program or a url`, 'write one of them');
    if (program !== undefined) {
      const fault = faultOf(program);
      if (fault !== undefined)
        tell(`${name}: ${program} ${fault}`, 'put a program there and make it executable: chmod +x');
    }
    if (url === undefined) continue;
    if (secret === undefined) tell(`${name} has no secret to sign with`, 'add one: openssl rand -base64 24');
    const { protocol, hostname } = new URL(url);
    if (protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname))
      tell(`${name}: ${url} would carry names in the clear`, 'write https://');
  }
  return problems;
}

function faultOf(program: string): string | undefined {
  try {
    if (!statSync(program).isFile()) return 'is no file';
    accessSync(program, constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be started';
  }
}
