/** What runs inside of a machine. */
export interface Guest {
  /** Resolves when it executes. Called once. */
  start(): Promise<void>;
  pressPowerButton(): void;
  pause(): Promise<void>;
  resume(): Promise<void>;
  cutPower(): void;
  /** `off`: it powered itself off; `lost`: its power was cut, or it crashed. */
  readonly ended: Promise<"off" | "lost">;
}
