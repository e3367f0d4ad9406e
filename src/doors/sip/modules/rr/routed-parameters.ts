/**
 * What our own Route said: the parameters that record_route put into it come back in the dialog's later requests, and
 * loose_route leaves them here for check_route_param and is_direction.
 */
import { word } from '../../message/chars.ts';
import type { SipMessage } from '../../message/message.ts';
import { param } from '../../message/name-addr.ts';
import type { Run } from '../../run.ts';
import type { Pattern } from '../../script/pattern.ts';

const FTAG = word('ftag');

export class RoutedParameters {
  /** By message: its failure and branch routes are other runs. */
  readonly #byMessage = new WeakMap<SipMessage, string>();
  readonly #wanted: boolean;

  /** `wanted`: false when nothing in the script reads them, then nothing is kept. */
  constructor(wanted: boolean) {
    this.#wanted = wanted;
  }

  set(run: Run, params: string): void {
    if (this.#wanted) this.#byMessage.set(run.message, params);
  }

  /** 1 or -1: does the expression match in the parameters, the leading `;` included? */
  match(run: Run, expression: Pattern): number {
    const params = this.#byMessage.get(run.message);
    return params !== undefined && params !== '' && expression.test(params) ? 1 : -1;
  }

  /** Does the request go the way of the one that opened the dialog? Also true when nothing is known. */
  isDownstream(run: Run): boolean {
    const params = this.#byMessage.get(run.message) ?? '';
    const tag = param(params, { paramsStart: 0, paramsEnd: params.length }, FTAG) ?? '';
    return tag === '' || run.message.fromTag === '' || tag === run.message.fromTag;
  }
}
