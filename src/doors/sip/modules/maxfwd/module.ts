/** The script's functions around Max-Forwards. */
import type { SipModule } from '../../script/types.ts';
import { numberText } from '../value-checks.ts';
import { isMaxForwardsBelow, processMaxForwards } from './max-forwards.ts';

const HIGHEST_INITIAL = 255;
const HIGHEST_LIMIT = 256;

export const maxfwd: SipModule = {
  name: 'maxfwd',
  describe: 'Counts Max-Forwards down, so that a request caught in a loop dies.',
  needs: [],
  parameters: [
    {
      name: 'max_limit',
      type: 'int',
      default: HIGHEST_LIMIT,
      describe: 'Counts above this are cut down to it.',
      check: (value) => numberText(String(value), 1, HIGHEST_LIMIT),
    },
  ],
  functions: [
    {
      name: 'mf_process_maxfwd_header',
      arity: [1],
      routes: ['request'],
      describe:
        'Counts down (1), or inserts the header with the number given (2). -1: the count has come to 0; answer 483.',
      checkArgument: (_index, text) => numberText(text, 0, HIGHEST_INITIAL),
    },
    {
      name: 'is_maxfwd_lt',
      arity: [1],
      routes: ['request', 'failure', 'branch'],
      describe: 'Whether the count is below the number given. -1: it is not, -2: no such header, -3: unreadable.',
      checkArgument: (_index, text) => numberText(text, 0, HIGHEST_LIMIT),
    },
  ],
  build(parameters) {
    const limit = Number(parameters.max_limit);
    return {
      functions: {
        mf_process_maxfwd_header(text) {
          const initial = Number(text);
          return (run) => processMaxForwards(run, initial, limit);
        },
        is_maxfwd_lt(text) {
          const bound = Number(text);
          return (run) => isMaxForwardsBelow(run, bound);
        },
      },
    };
  },
};
