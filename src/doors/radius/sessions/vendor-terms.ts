/**
 * Terms of a session that no RFC has an attribute for, as vendor and number of the attribute that equipment commonly knows: rates in bits a
 * second (WISPr), and bytes of the session in all (ChilliSpot).
 */
export const VENDOR_TERM = {
  uploadRate: [14_122, 7],
  downloadRate: [14_122, 8],
  upload: [14_559, 1],
  download: [14_559, 2],
} as const;
