// Projects whose home is asked because the caller wants to know more recently than the last refresh. Whatever requests want to know
// within a few milliseconds is one question to each home (github.com/graphql/dataloader).

import DataLoader from 'dataloader'
import type { HubId, Slug } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import { type Answer, type LocalHub, maxFetched } from '../../hub/calls.ts'
import { Refused } from './problems.ts'

/** Requests that come together wait so long for each other. */
const gatherMs: Millis = 5

interface Wanted {
  readonly home: HubId
  readonly slug: Slug
}

export class Fetching {
  readonly #hub: LocalHub
  readonly #loader: DataLoader<Wanted, Answer, string>

  /** `asked`: a home was asked for so many projects. */
  constructor(hub: LocalHub, asked: (projects: number) => void) {
    this.#hub = hub
    this.#loader = new DataLoader((wanted) => this.#ask(wanted, asked), {
      cacheKeyFn: ({ home, slug }) => `${home} ${slug}`,
      batchScheduleFn: (run) => setTimeout(run, gatherMs),
    })
  }

  /** Returns when each of them is as its home said within that time; refuses where one cannot be asked. */
  async freshen(slugs: readonly Slug[], maxAgoMs: Millis): Promise<void> {
    const now = this.#hub.now()
    const old = slugs.flatMap((slug): Wanted[] => {
      const told = this.#hub.listing.told(slug, now)
      return told === undefined || told.agoMs <= maxAgoMs ? [] : [{ home: told.home, slug }]
    })
    const answers = await Promise.all(old.map((wanted) => this.#loader.load(wanted)))
    for (const answer of answers) if (!answer.ok) throw new Refused(answer)
  }

  async #ask(wanted: readonly Wanted[], asked: (projects: number) => void): Promise<Answer[]> {
    // What is known by now is asked anew the next time.
    this.#loader.clearAll()
    const answers = new Map<Wanted, Answer>()
    const questions = [...Map.groupBy(wanted, ({ home }) => home)].flatMap(([home, all]) => inParts(all, home))
    await Promise.all(
      questions.map(async ({ home, part }) => {
        asked(part.length)
        const slugs = part.map(({ slug }) => slug)
        const answer = await new Promise<Answer>((done) => this.#hub.call({ type: 'fetch', home, slugs }, done))
        for (const one of part) answers.set(one, answer)
      }),
    )
    return wanted.map((one) => answers.get(one) as Answer)
  }
}

function inParts(all: readonly Wanted[], home: HubId) {
  const parts: { readonly home: HubId; readonly part: readonly Wanted[] }[] = []
  for (let from = 0; from < all.length; from += maxFetched)
    parts.push({ home, part: all.slice(from, from + maxFetched) })
  return parts
}
