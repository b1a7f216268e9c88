/** Keys that several providers on macOS have alike. */

/** Where macOS's own DHCP server, bootpd(8), writes down who has which address. */
export const LEASES_FILE = {
  type: "path",
  default: "/var/db/dhcpd_leases",
  description: "where the addresses of guests that ask macOS's DHCP server are found",
} as const;
