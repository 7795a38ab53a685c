// How commands end: 0 fine, 1 failed, 2 usage or invalid configuration, 75 temporary (EX_TEMPFAIL of sysexits.h).

export const exit = { fine: 0, failed: 1, invalid: 2, temporary: 75 } as const
export type ExitCode = (typeof exit)[keyof typeof exit]

/** Ends the command with this code after the message is told on standard error. */
export class CommandFailed extends Error {
  readonly code: ExitCode
  /** The code of the problem (docs/errors.md) that a hub refused with. */
  readonly problem: string | undefined
  constructor(code: ExitCode, message: string, problem?: string) {
    super(message)
    this.name = 'CommandFailed'
    this.code = code
    this.problem = problem
  }
}
