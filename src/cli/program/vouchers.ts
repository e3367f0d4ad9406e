/** The commands about vouchers of the Wi-Fi door. */
import type { Command } from 'commander';
import type { Runner } from './runner.ts';

export function addVoucherCommands(program: Command, run: Runner): void {
  const voucher = program.command('voucher').description('codes that let in whoever brings one, on Wi-Fi');
  voucher
    .command('batch')
    .argument('<name>', 'what the batch is called: small letters, digits, hyphens')
    .requiredOption('--count <number>', 'how many')
    .option('--time <span>', 'how long one is good, from its first login: 90m, 24h, 7d; default: as long as any login')
    .option('--download <bytes>', 'what its devices may get together: 500M, 2G; default: no limit')
    .option('--upload <bytes>', 'what they may send; default: no limit')
    .option('--download-rate <bits>', 'what each may get in a second: 512K, 10M; default: as everybody')
    .option('--upload-rate <bits>', 'what each may send in a second; default: as everybody')
    .option('--devices <number>', 'so many at once', '1')
    .option('--expires <date>', 'the last day on which it is good, 2026-12-31; default: none')
    .description('make vouchers, all on the same terms')
    .action(run(() => import('../commands/voucher-batch.ts')));
  voucher
    .command('print')
    .argument('<batch>')
    .option('--codes', 'only the codes, one a line')
    .option('--name <network>', 'what stands on each voucher', 'Wi-Fi')
    .description('write a sheet of vouchers to standard output, as a page of HTML to be printed')
    .action(run(() => import('../commands/voucher-print.ts')));
  voucher
    .command('list')
    .argument('[batch]')
    .description('list the batches, or the vouchers of one and what became of them')
    .action(run(() => import('../commands/voucher-list.ts')));
  voucher
    .command('revoke')
    .argument('<batch|voucher>', 'by name, not by code')
    .description('make it good no more; who is in by it is out at once')
    .action(run(() => import('../commands/voucher-revoke.ts')));
}
