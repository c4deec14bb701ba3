/** What the exit status of `lpv` says, in words. Scripts and CI may rely on these numbers. */
export const exitStatus = {
  /** Every requirement that was run holds. */
  conforms: 0,
  /** At least one requirement does not hold, or none was run. */
  doesNotConform: 1,
  /** The command line, a configuration file or a manifest is wrong; nothing was created. */
  badUsage: 2,
  /** The machine, the container engine or the cluster is at fault, not the requirement. */
  environment: 3,
  /** A signal stopped the run; everything begun was undone. */
  interrupted: 130,
} as const;

/** The name of an exit status, such as `environment`. */
export type ExitStatus = keyof typeof exitStatus;
