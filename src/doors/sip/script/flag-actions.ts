/** The 32 flags of the message (setflag), of its branch (setbflag) and of the script (setsflag). */
import type { CoreAction } from './core-action.ts';
import type { Call } from './types.ts';

type Field = 'flags' | 'branchFlags' | 'scriptFlags';

const action = (bind: (bit: number) => Call): CoreAction => ({
  forms: [['number']],
  check: ([n]) => (n!.value >= 0 && n!.value <= 31 ? undefined : `flags are 0 to 31, not ${n!.text}`),
  bind: ([n]) => bind((1 << n!.value) | 0),
});

const set = (field: Field) =>
  action((bit) => (run) => {
    run[field] |= bit;
    return 1;
  });

const reset = (field: Field) =>
  action((bit) => (run) => {
    run[field] &= ~bit;
    return 1;
  });

const isSet = (field: Field) => action((bit) => (run) => ((run[field] & bit) === 0 ? -1 : 1));

export const FLAG_ACTIONS: readonly (readonly [string, CoreAction])[] = [
  ['setflag', set('flags')],
  ['resetflag', reset('flags')],
  ['isflagset', isSet('flags')],
  ['setbflag', set('branchFlags')],
  ['resetbflag', reset('branchFlags')],
  ['isbflagset', isSet('branchFlags')],
  ['setsflag', set('scriptFlags')],
  ['resetsflag', reset('scriptFlags')],
  ['issflagset', isSet('scriptFlags')],
];
