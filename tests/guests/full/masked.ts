/** What of Debian the full guest has and does not start, as each part costs time when emulated. */

/** Units that nothing here needs. */
export const MASKED_UNITS: readonly string[] = [
  // They would use a test's time and network.
  ...["apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer"],
  ...["fstrim.timer", "systemd-timesyncd.service"],
  // They tidy up after something that is not here: snapshots, crashes, foreign programs.
  ...["e2scrub_reap.service", "systemd-pstore.service", "systemd-repart.service"],
  ...["proc-sys-fs-binfmt_misc.automount", "systemd-binfmt.service"],
  // Nobody looks at the screen's terminal: logins are on the consoles and by SSH.
  "getty@tty1.service",
  // File systems for programs that are not here; each also loads a driver.
  ...["dev-hugepages.mount", "dev-mqueue.mount", "sys-fs-fuse-connections.mount"],
  ...["sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"],
];

/** Programs that systemd would ask for units at each boot, and that have none to give here. */
export const MASKED_GENERATORS: readonly string[] = [
  ...["systemd-cryptsetup-generator", "systemd-integritysetup-generator"],
  ...["systemd-veritysetup-generator", "systemd-hibernate-resume-generator"],
  ...["systemd-gpt-auto-generator", "systemd-rc-local-generator", "systemd-sysv-generator"],
  ...["systemd-system-update-generator", "systemd-debug-generator", "systemd-run-generator"],
];
