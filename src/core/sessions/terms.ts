/** Which terms of an open session a door can change. Errors: SESSION_TERMS. */
import { GatehouseError } from '../../platform/errors.ts';
import type { SessionChange } from '../doors/types.ts';

type Term = Exclude<keyof SessionChange, 'by'>;

const WORDS: Readonly<Record<Term, string>> = {
  seconds: 'another end',
  upload: 'a volume to send',
  download: 'a volume to receive',
  uploadRate: 'a rate to send at',
  downloadRate: 'a rate to receive at',
  attributes: 'attributes of RADIUS',
};

/** `can`: those that the door knows how to change. A change that names no term is none that a door could make. */
export function checkTerms(session: string, change: SessionChange, can: readonly Term[]): void {
  const asked = (Object.keys(WORDS) as Term[]).filter((term) => change[term] !== undefined);
  const cannot = asked.filter((term) => !can.includes(term));
  if (asked.length > 0 && cannot.length === 0) return;
  const what = cannot.map((term) => WORDS[term]).join(', ') || 'other terms, as none is named';
  throw new GatehouseError('SESSION_TERMS', `${session} cannot be given ${what}`, {
    hint: 'docs/commands.md says which terms sessions of each door have; gatehouse kick ends one',
  });
}

/** As the audit trail has it. */
export function termsText({ seconds, upload, download, uploadRate, downloadRate }: SessionChange): string {
  const terms = { seconds, upload, download, uploadRate, downloadRate };
  const named = Object.entries(terms).filter(([, value]) => value !== undefined);
  return named.map(([name, value]) => `${name}=${value}`).join(' ');
}
