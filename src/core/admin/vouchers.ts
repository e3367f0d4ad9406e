/** What an administrator can do with vouchers. Codes are shown by `showVoucherCodes` alone, which is in the audit trail. Errors: those of Vouchers. */
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import type { SessionDirectory } from '../sessions/directory.ts';
import { codeText } from '../vouchers/code.ts';
import type { VoucherTerms } from '../vouchers/terms.ts';
import { type VoucherBatchView, type Vouchers, type VoucherView, voucherLogin } from '../vouchers/vouchers.ts';

export interface VoucherCalls {
  addVouchers(batch: { batch: string; count: number; terms: VoucherTerms }): Promise<void>;
  listVoucherBatches(): Promise<VoucherBatchView[]>;
  listVouchers(batch: string): Promise<VoucherView[]>;
  /** As they are printed; those that are revoked are left out. */
  showVoucherCodes(batch: string): Promise<{ terms: VoucherTerms; codes: { id: string; code: string }[] }>;
  /** A batch, or one voucher: gives how many were good before, and how many sessions ended. */
  revokeVouchers(name: string): Promise<{ revoked: number; ended: number }>;
}

/** `sessions` absent: nobody is in. */
export function voucherCalls(
  vouchers: Vouchers,
  event: (action: string, fields: AuditFields) => AuditLines,
  sessions: SessionDirectory | undefined,
): VoucherCalls {
  return {
    addVouchers: ({ batch, count, terms }) =>
      vouchers.add(batch, count, terms, event('add-vouchers', { batch, count, ...terms })),
    listVoucherBatches: () => vouchers.batches(),
    listVouchers: (batch) => vouchers.list(batch),
    showVoucherCodes: async (batch) => {
      const { terms, codes } = await vouchers.codes(batch, event('show-voucher-codes', { batch }));
      return { terms, codes: codes.map(({ id, code }) => ({ id, code: codeText(code) })) };
    },
    revokeVouchers: async (name) => {
      const ids = await vouchers.revoke(name, event('revoke-vouchers', { voucher: name }));
      const inside = new Set([...(sessions?.who() ?? [])].map(({ user }) => user));
      let ended = 0;
      for (const id of ids.filter((one) => inside.has(voucherLogin({ id: one }))))
        ended += (await sessions?.endAll(voucherLogin({ id }), 'removed')) ?? 0;
      return { revoked: ids.length, ended };
    },
  };
}
