/** registrar: what REGISTER does, and where a user is to be found. */

import { Seldom } from '../../../../platform/seldom.ts';
import { headerLine } from '../../message/header-text.ts';
import type { Run } from '../../run.ts';
import type { FunctionSpec, SipModule } from '../../script/types.ts';
import { resumeWith } from '../resume-with.ts';
import type { Contacts } from '../usrloc/contacts.ts';
import type { LocationTable } from '../usrloc/table.ts';
import { usrlocOf } from '../usrloc/usrloc.ts';
import { numberText, sqlName } from '../value-checks.ts';
import { replyHeaders } from './contact-list.ts';
import type { RegistrarContext } from './context.ts';
import { lookup, registered } from './lookup.ts';
import { REGISTRAR_PARAMETERS, registrarOptions } from './parameters.ts';
import { notStored, refuse } from './refusals.ts';
import { readRegister } from './register-request.ts';
import { MEMORY_ONLY, NO_REPLY, Registration } from './registration.ts';

const table = (index: number, text: string) => (index === 0 ? sqlName(text) : checkFlags(text));

const save: FunctionSpec = {
  name: 'save',
  arity: [1, 2],
  routes: ['request'],
  flow: 'store',
  describe:
    'Stores or removes the contacts of a REGISTER in the table and answers it. 1: done; 0: refused, and the refusal was sent. ' +
    'Flags: 1 memory only (not with db_mode 3), 2 no reply.',
  checkArgument: table,
};

export const registrar: SipModule = {
  name: 'registrar',
  describe: 'Stores the contacts of REGISTER requests and finds the contacts of a user.',
  needs: ['usrloc'],
  parameters: REGISTRAR_PARAMETERS,
  functions: [
    save,
    {
      ...save,
      name: 'save_memory',
      arity: [1],
      describe: 'As save() with flag 1: nothing is written to the database.',
    },
    { ...save, name: 'save_noreply', arity: [1], describe: 'As save() with flag 2: the script answers.' },
    {
      name: 'lookup',
      arity: [1],
      routes: ['request', 'failure'],
      flow: 'target',
      describe:
        'Puts the best contact of the Request-URI into the Request-URI, the others into branches. -1: none; -2: none for this ' +
        'method; -3: the Request-URI names no user, or the table cannot be read.',
      checkArgument: table,
    },
    {
      name: 'registered',
      arity: [1],
      routes: ['request', 'failure'],
      describe: 'Whether the user of the Request-URI has a contact in the table.',
      checkArgument: table,
    },
    {
      name: 'add_sock_hdr',
      arity: [1],
      routes: ['request'],
      describe:
        'Appends a header of this name with the socket that the request came in on, for the registrar behind this one.',
      checkArgument: (_index, text) => (/^[\w!%*+.'`~-]+$/.test(text) ? undefined : 'must be the name of a header'),
    },
  ],
  absent: { unregister: 'write serctl ul rm USER, or gatehouse kick USER' },
  build(parameters, services, uses) {
    const usrloc = usrlocOf(services);
    const seldom = new Seldom(services.clock);
    const context: RegistrarContext = {
      options: registrarOptions(parameters, services.local, uses),
      cseqDelay: usrloc.settings.cseqDelay,
      transport: services.transport,
      tooMany(aor) {
        if (seldom.due())
          services.log.warn('a user has more contacts than are rung at once or fit into a reply', { aor });
      },
    };
    const saving = (name: string, flags: number) => {
      const location = usrloc.table(name);
      return (run: Run) => register(run, location, context, flags);
    };
    return {
      functions: {
        save: (name, flags) => saving(name!, Number(flags ?? 0)),
        save_memory: (name) => saving(name!, MEMORY_ONLY),
        save_noreply: (name) => saving(name!, NO_REPLY),
        lookup(name) {
          const location = usrloc.table(name!);
          return (run) => lookup(run, location, context);
        },
        registered(name) {
          const location = usrloc.table(name!);
          return (run) => registered(run, location, context.options);
        },
        add_sock_hdr: (name) => (run) => {
          run.edits.bottom += headerLine(name!, run.source.point.name);
          return 1;
        },
      },
    };
  },
};

function register(run: Run, location: LocationTable, context: RegistrarContext, flags: number): number {
  const request = readRegister(run, location, context.options);
  if ('status' in request) return refuse(run, request);
  if (request.all || request.contacts.length > 0)
    return new Registration(run, location, context, request, flags).start();
  if ((flags & NO_REPLY) !== 0) return 1;
  return query(run, location, request.aor, context);
}

/** A REGISTER without Contact asks which there are. */
function query(run: Run, location: LocationTable, aor: string, context: RegistrarContext): number {
  const answer = (contacts: Pick<Contacts, 'first'>) =>
    run.reply(200, 'OK', replyHeaders(run, contacts.first(aor), location.seconds(), context)) ? 1 : -1;
  if (!location.settings.readThrough) return answer(location);
  return resumeWith(run, location.read(aor), location.services.log, answer, () =>
    refuse(run, notStored('STORAGE_UNAVAILABLE', context.options.retryAfter)),
  );
}

function checkFlags(text: string): string | undefined {
  return /^0x0*[0-3]$/i.test(text) ? undefined : numberText(text, 0, 3);
}
