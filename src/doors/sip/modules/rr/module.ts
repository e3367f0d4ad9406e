/** The script's functions for Record-Route and Route. */
import type { Run } from '../../run.ts';
import { Pattern } from '../../script/pattern.ts';
import type { Call, SipModule } from '../../script/types.ts';
import type { Text } from '../../script/values/format.ts';
import { expression, flag, uriParameters } from '../value-checks.ts';
import { DialogMark } from './dialog-mark.ts';
import { LooseRouting } from './loose-route.ts';
import { RecordRouting } from './record-route.ts';
import { RoutedParameters } from './routed-parameters.ts';

export const rr: SipModule = {
  name: 'rr',
  describe: 'Keeps Gatehouse in the path of a dialog: Record-Route, loose and strict routing.',
  needs: [],
  parameters: [
    {
      name: 'enable_full_lr',
      type: 'int',
      default: 0,
      describe: 'Writes `;lr=on` instead of `;lr`, for telephones that drop a parameter without value.',
      check: flag,
    },
    {
      name: 'append_fromtag',
      type: 'int',
      default: 1,
      describe: 'Puts the From tag into the Record-Route as `ftag`; is_direction needs it.',
      check: flag,
    },
    {
      name: 'enable_double_rr',
      type: 'int',
      default: 1,
      describe:
        'Two Record-Routes, marked `r2=on`, where a request leaves by another socket or protocol than it came in on.',
      check: flag,
    },
    {
      name: 'add_username',
      type: 'int',
      default: 0,
      describe: "Puts the Request-URI's user into the Record-Route.",
      check: flag,
    },
    {
      name: 'ignore_user',
      type: 'string',
      default: '',
      describe: 'A topmost Route of ours with this user part is not followed: loose_route gives -1.',
    },
    {
      name: 'preloaded_route',
      type: 'string',
      default: 'pass',
      describe:
        "Gatehouse's own. challenge: loose_route vouches only for requests of dialogs that were let begin here, and gives -1 for a " +
        'first request that brings its own Route, so that it is authenticated. pass: as SER. sip.preloaded_route wins.',
      check: (value) => (value === 'pass' || value === 'challenge' ? undefined : 'must be "pass" or "challenge"'),
    },
  ],
  functions: [
    {
      name: 'record_route',
      arity: [0, 1],
      routes: ['request', 'branch', 'failure'],
      describe: 'Inserts our Record-Route, with more URI parameters if given. -1: it is there already.',
      takesVariables: [0],
      checkArgument: (_index, text) => uriParameters(text),
    },
    {
      name: 'record_route_preset',
      arity: [1],
      routes: ['request', 'branch', 'failure'],
      describe: 'Inserts a Record-Route that names the `address:port` given. -1: one is there already.',
      takesVariables: [0],
      checkArgument: (_index, text) => checkHostPort(text),
    },
    {
      name: 'record_route_strict',
      arity: [0],
      routes: ['request', 'branch', 'failure'],
      describe: 'As record_route: every telephone of today follows loose routes.',
    },
    {
      name: 'add_rr_param',
      arity: [1],
      routes: ['request', 'branch', 'failure'],
      describe: 'Adds URI parameters to our Record-Route, before or after record_route.',
      takesVariables: [0],
      checkArgument: (_index, text) => uriParameters(text),
    },
    {
      name: 'loose_route',
      arity: [0],
      routes: ['request'],
      flow: 'dialog',
      describe: 'Follows the Route headers (1). -1: there are none to follow.',
    },
    {
      name: 'check_route_param',
      arity: [1],
      routes: ['request', 'failure', 'branch'],
      describe: 'After loose_route: does the expression match in the parameters of our own Route?',
      checkArgument: (_index, text) => expression(text),
    },
    {
      name: 'is_direction',
      arity: [1],
      routes: ['request', 'failure', 'branch'],
      describe: 'After loose_route: does the request go "downstream", as the dialog began, or "upstream"?',
      checkArgument: (_index, text) => checkDirection(text),
    },
  ],
  build(parameters, services, uses) {
    const reads = uses.argumentsOf('check_route_param').length + uses.argumentsOf('is_direction').length;
    const routed = new RoutedParameters(reads > 0);
    const doubleRr = parameters.enable_double_rr === 1;
    const challenged = services.options.preloadedRoute === 'challenge';
    const mark = challenged ? new DialogMark(services.derive('sip dialog mark')) : undefined;
    const loose = new LooseRouting(
      {
        doubleRr,
        ignoreUser: String(parameters.ignore_user ?? ''),
        mark,
      },
      services.local,
      services.transport,
      routed,
    );
    const record = new RecordRouting({
      fullLr: parameters.enable_full_lr === 1,
      fromTag: parameters.append_fromtag === 1,
      doubleRr,
      userName: parameters.add_username === 1,
      mark,
    });
    return {
      texts: {
        record_route: (more) =>
          more === undefined
            ? (run) => record.insert(run, '')
            : checked(more, uriParameters, (run, text) => record.insert(run, text)),
        record_route_preset: (place) => checked(place!, checkHostPort, (run, text) => record.insertPreset(run, text)),
        add_rr_param: (more) => checked(more!, uriParameters, (run, text) => record.addParameters(run, text)),
      },
      functions: {
        record_route_strict: () => (run) => record.insert(run, ''),
        loose_route: () => (run) => loose.follow(run),
        check_route_param(text) {
          const pattern = new Pattern(text!);
          return (run) => routed.match(run, pattern);
        },
        is_direction(text) {
          const downstream = text!.toLowerCase() === 'downstream';
          return (run) => (routed.isDownstream(run) === downstream ? 1 : -1);
        },
      },
    };
  },
};

/** A text of variables is looked at for each message: what is none of the kind changes nothing and gives -1. */
function checked(
  text: Text,
  complaint: (text: string) => string | undefined,
  apply: (run: Run, text: string) => number,
): Call {
  const { constant } = text;
  if (constant !== undefined) return (run) => apply(run, constant);
  return (run) => {
    const made = text.read(run);
    return complaint(made) === undefined ? apply(run, made) : -1;
  };
}

function checkHostPort(text: string): string | undefined {
  const good = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(;[^;<>"\s,]+)*$/.test(text);
  return good ? undefined : `must be address:port, but is "${text}"`;
}

function checkDirection(text: string): string | undefined {
  return /^(up|down)stream$/i.test(text) ? undefined : `must be "upstream" or "downstream", but is "${text}"`;
}
