/** Which AVPs `serctl avp list` and `avp rm` mean: user and name, or openserctl's options. */
import type { RowFields } from '../../core/admin/types.ts';

export const AVP_USAGE =
  'avp list|rm [<user@domain>|<uuid> [<name>]] | list|rm [-u <user@domain>|<uuid>] [-a <name>] [-v <value>] [-t <type>] | ' +
  'add <user@domain>|<uuid> <name> <type> <value>';

/** Undefined: not used as it should be. `owner` gives the fields that a user or uuid means. */
export function wantedAvps(args: readonly string[], owner: (user: string) => RowFields): RowFields | undefined {
  const [user, attribute] = args;
  if (user === undefined || !user.startsWith('-')) {
    if (args.length > 2) return undefined;
    return { ...(user === undefined ? {} : owner(user)), ...(attribute === undefined ? {} : { attribute }) };
  }
  let match: RowFields = {};
  for (let i = 0; i < args.length; i += 2) {
    const one = args[i + 1] ? wantedBy(args[i]!, args[i + 1]!, owner) : undefined;
    if (one === undefined) return undefined;
    match = { ...match, ...one };
  }
  return match;
}

/** The original's -T, another table, is none of them: a script has one. */
function wantedBy(option: string, text: string, owner: (user: string) => RowFields): RowFields | undefined {
  switch (option) {
    case '-u':
      return owner(text);
    case '-a':
      return { attribute: text };
    case '-v':
      return { value: text };
    case '-t':
      return /^[0-3]$/.test(text) ? { type: Number(text) } : undefined;
    default:
      return undefined;
  }
}
