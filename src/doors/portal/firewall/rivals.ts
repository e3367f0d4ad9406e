/**
 * Other captive portals whose rules stand in the kernel, as `nft -j list chains` shows them: theirs and ours together let in nobody,
 * or everybody. Rules that programs leave behind when they are killed look the same. Those of iptables-legacy are not seen.
 */
interface Listed {
  readonly chain?: { readonly family: string; readonly table: string; readonly name: string };
}

/** nodogsplash, and openNDS up to 9: chains of ndsXXX. openNDS 10: tables of nds_…. WiFiDog and its children. */
const RIVAL = /^(?:nds[A-Z]{3}$|nds_|wifidog_)/i;

/** The first of its chains in words; undefined: there is none. */
export function rivalIn(listing: string): string | undefined {
  const { nftables } = JSON.parse(listing) as { nftables: readonly Listed[] };
  for (const { chain } of nftables) {
    if (chain && (RIVAL.test(chain.name) || RIVAL.test(chain.table)))
      return `chain ${chain.name} of table ${chain.family} ${chain.table}`;
  }
  return undefined;
}
