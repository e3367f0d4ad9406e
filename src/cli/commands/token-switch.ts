/** `gatehouse token enable|disable|reset|unassign|rm SERIAL` */
import type { TokenSwitch } from '../../core/admin/tokens.ts';
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

const DONE: Readonly<Record<TokenSwitch, string>> = {
  enable: 'switched on',
  disable: 'switched off',
  reset: 'forgot the failures of',
  unassign: 'took away',
  remove: 'removed',
};

export function switching(what: TokenSwitch) {
  return {
    async run(context: Context, serial: string): Promise<0> {
      await withAdministration(context, (administration) => administration.switchToken(what, { serial }));
      answer(context, { serial }, () => `${DONE[what]} ${serial}`);
      return EXIT.ok;
    },
  };
}
