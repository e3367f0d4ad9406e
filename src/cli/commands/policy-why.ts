/** `gatehouse policy why USER DOOR ADDRESS [TIME]` */
import type { PolicyReasons } from '../../core/admin/types.ts';
import { isLinotpScope } from '../../core/policy/linotp/actions.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';

export async function run(
  context: Context,
  user: string,
  door: string,
  client: string,
  timeText: string | undefined,
): Promise<0> {
  const time = timeText === undefined ? Date.now() : Date.parse(timeText);
  if (Number.isNaN(time)) {
    throw new GatehouseError('COMMAND_LINE', `${JSON.stringify(timeText)} is no time`, {
      hint: 'write for example 2026-11-23T07:30, which is in the zone of this machine',
    });
  }
  const question = { user, door, client, time };
  const reasons = await readingAdministration(context, (administration) => administration.explainPolicy(question));
  const verdict = isLinotpScope(door) ? valuesOf(reasons) : verdictOf(reasons);
  answer(context, { ...question, time: new Date(time).toISOString(), ...reasons, verdict }, () => {
    const what = isLinotpScope(door) ? 'for' : 'at the door';
    const who = `${user} ${what} ${door} from ${client}, ${new Date(time).toLocaleString('sv-SE')}`;
    const weighed = reasons.weighings.flatMap(({ action, rules }) =>
      rules.map(({ name, value, out }) => [action, name, String(value), out === undefined ? 'counts' : because(out)]),
    );
    const rules =
      weighed.length === 0
        ? `no rule is about ${isLinotpScope(door) ? 'this scope' : 'this door'}`
        : table(context.io, ['ACTION', 'RULE', 'VALUE', ''], weighed);
    return `${who}\n\n${rules}\n\n${verdict}`;
  });
  return EXIT.ok;
}

function because(out: string): string {
  if (out === 'later') return 'one that counts as much, and comes first by name, says otherwise';
  return out === 'less exact' ? 'a more exact rule counts instead' : `its ${out} is another`;
}

function verdictOf({ account, refusal, weighings }: PolicyReasons): string {
  if (account === 'unknown') return 'refused: nobody has this name';
  if (account === 'locked') return 'refused: the user is locked';
  if (refusal !== null) return `refused: ${refusal}`;
  const terms = weighings.filter(({ action, value }) => action !== 'allow' && value !== null);
  return ['let in', ...terms.map(({ action, value }) => `${action} ${value}`)].join(', ');
}

function valuesOf({ weighings }: PolicyReasons): string {
  const said = weighings.filter(({ value }) => value !== null).map(({ action, value }) => `${action} is ${value}`);
  return said.join('\n') || 'nothing is said';
}
