/** xlog: lines of the script in the log, with variables. */
import type { RouteKind } from '../../script/route-kinds.ts';
import type { ScriptUses, SipModule } from '../../script/types.ts';
import type { Text } from '../../script/values/format.ts';
import type { Services } from '../../services.ts';
import { oneLine } from '../one-line.ts';
import { bindPercent } from './percent.ts';

const EVERYWHERE: readonly RouteKind[] = ['request', 'failure', 'reply', 'branch', 'error'];
const USUAL = 4096;
const LONGEST = 65_536;

/** Written `L_ERR`, `L_INFO` ... in scripts. */
const LEVELS: Readonly<Record<string, 'error' | 'warn' | 'info' | 'debug'>> = {
  ALERT: 'error',
  CRIT: 'error',
  ERR: 'error',
  WARN: 'warn',
  NOTICE: 'info',
  INFO: 'info',
  DBG: 'debug',
};
const PREFIX = /^L_/i;
const NAMES = Object.keys(LEVELS)
  .map((name) => `"L_${name}"`)
  .join(', ');

export const xlog: SipModule = {
  name: 'xlog',
  describe: 'Writes lines with variables into the log.',
  needs: [],
  parameters: [
    {
      name: 'buf_size',
      type: 'int',
      default: USUAL,
      describe: 'Characters that a line has at most; the rest is cut off.',
      check: (value) =>
        Number(value) >= 1 && Number(value) <= LONGEST ? undefined : `must be a number from 1 to ${LONGEST}`,
    },
    {
      name: 'force_color',
      type: 'int',
      default: 0,
      describe: 'Accepted and without effect: the log has no colours.',
    },
  ],
  functions: [
    {
      name: 'xlog',
      arity: [1, 2],
      routes: EVERYWHERE,
      describe:
        'Writes the text, variables replaced; in front of it the level ("L_INFO"), error if none is given. In a file of the SER dialect ' +
        'they are written %ru, %{Subject}.',
      takesVariables: [0, 1],
      checkArgument: (index, text, count) => (index === 0 && count === 2 ? checkLevel(text) : undefined),
    },
    {
      name: 'xdbg',
      arity: [1],
      routes: EVERYWHERE,
      describe: 'As xlog("L_DBG", text).',
      takesVariables: [0],
    },
  ],
  build(parameters, services, uses) {
    const most = Number(parameters.buf_size);
    return {
      functions: {},
      texts: {
        xlog: (first, second) =>
          writing(services, second ? (first!.constant ?? '') : 'ERR', bound(second ?? first!, uses), most),
        xdbg: (text) => writing(services, 'DBG', bound(text!, uses), most),
      },
    };
  },
};

function bound(text: Text, uses: ScriptUses): Text {
  return uses.dialect === 'ser' && text.constant !== undefined ? bindPercent(text.constant, uses) : text;
}

function writing({ log }: Services, name: string, text: Text, most: number) {
  const level = levelOf(name) ?? 'error';
  return (run: Parameters<Text['read']>[0]) => {
    log[level](oneLine(text.read(run).slice(0, most)));
    return 1;
  };
}

/** Of a level that stands in a script. */
function checkLevel(text: string): string | undefined {
  return levelOf(text) ? undefined : `must be one of ${NAMES}, but is "${text}"`;
}

function levelOf(text: string) {
  return LEVELS[text.replace(PREFIX, '').toUpperCase()];
}
