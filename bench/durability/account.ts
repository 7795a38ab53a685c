// What writers were promised. Each has a project of its own and writes it again and again, numbered; every tenth write removes
// it. So what must be found is what was acknowledged last, or the one write that was under way when the hub died.

export interface Act {
  readonly slug: string
  /** Undefined: it is removed. */
  readonly name: string | undefined
}

interface Line {
  readonly slug: string
  count: number
  acknowledged: Act | undefined
  /** Sent, and not answered. */
  pending: Act | undefined
}

const removeEvery = 10

export class Account {
  readonly #lines: readonly Line[]
  #acknowledged = 0

  constructor(writers: number) {
    this.#lines = Array.from({ length: writers }, (_, index) => {
      return { slug: `writer-${index}`, count: 0, acknowledged: undefined, pending: undefined }
    })
  }

  /** How many writes were acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged
  }

  next(writer: number): Act {
    const line = this.#line(writer)
    line.count++
    const isThere = line.acknowledged?.name !== undefined
    const name = line.count % removeEvery === 0 && isThere ? undefined : `version ${line.count}`
    line.pending = { slug: line.slug, name }
    return line.pending
  }

  acknowledge(writer: number): void {
    const line = this.#line(writer)
    line.acknowledged = line.pending
    line.pending = undefined
    this.#acknowledged++
  }

  /** What is missing in a hub that shows these names by slug; what it shows is what counts from now on. */
  check(found: ReadonlyMap<string, string>): string[] {
    return this.#lines.flatMap((line) => {
      const { slug, acknowledged, pending } = line
      const name = found.get(slug)
      const isRight = name === acknowledged?.name || (pending !== undefined && name === pending.name)
      line.acknowledged = { slug, name }
      line.pending = undefined
      return isRight
        ? []
        : [`${slug}: ${acknowledged?.name ?? 'removed'} was acknowledged, ${name ?? 'nothing'} is there`]
    })
  }

  #line(writer: number): Line {
    const line = this.#lines[writer]
    if (line === undefined) throw new Error(`there is no writer ${writer}`)
    return line
  }
}
