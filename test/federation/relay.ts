// A hub as a process of its own that is not to be trusted, or trusts too much. Run as
// `relay.ts <role> … --config <file>`: a `liar` tampers with what it passes on of hubs that are named after a lie, before
// it is encoded; a `believer` verifies nothing.

import { createLog } from '../../src/adapters/log.ts'
import { loadConfig } from '../../src/config/load.ts'
import { describeMistakes } from '../../src/config/mistake.ts'
import type { CardsBody, PartBody, RunsBody } from '../../src/core/catalog/messages.ts'
import type { Envelope } from '../../src/core/wire.ts'
import type { DriverOptions } from '../../src/hub/driver.ts'
import { startHub } from '../../src/hubmesh.ts'
import { liedAbout, lies } from '../core/catalog.lies.ts'

/** Author → what is done to its slice. */
export const lieAbout: Readonly<Record<string, string>> = {
  flipped: 'flips a record',
  dropped: 'drops a record',
  reordered: 'reorders records',
  withheld: 'withholds what it said it holds',
}

/** Whose card is tampered with as well. */
export const movedAuthor = 'flipped'

function movedTo(region: string, { cards, looked }: CardsBody): CardsBody {
  const told = cards.map((card) => (card.hub === movedAuthor ? { ...card, said: { ...card.said, region } } : card))
  return { cards: told, looked }
}

function lying(options: DriverOptions): DriverOptions {
  const { codec } = options.ports
  const pack = (value: unknown): Uint8Array => {
    const { v, kind, body } = value as Envelope
    const lieOf = (author: string) => lies[lieAbout[author] ?? '']
    if (kind === 'catalog.runs') return codec.pack({ v, kind, body: liedAbout(body as RunsBody, lieOf) })
    if (kind === 'catalog.cards') return codec.pack({ v, kind, body: movedTo('elsewhere', body as CardsBody) })
    if (kind !== 'catalog.part') return codec.pack(value)
    const parts = (body as { parts: PartBody[] }).parts.map((part) => lieOf(part.hub)?.(part) ?? part)
    return codec.pack({ v, kind, body: { parts } })
  }
  return { ...options, ports: { ...options.ports, codec: { ...codec, pack } } }
}

function believing(options: DriverOptions): DriverOptions {
  const { settings } = options
  return { ...options, settings: { ...settings, catalog: { ...settings.catalog, isCredulous: true } } }
}

async function run(role: string, file: string | undefined): Promise<void> {
  const loaded = loadConfig({ file, env: {} })
  if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes))
  const { config } = loaded
  const log = createLog({ hub: config.node.id, level: config.monitoring.log_level })
  process.on('disconnect', () => process.exit(1))
  await startHub({ config, log, adapt: role === 'liar' ? lying : believing })
}

const [script = '', role = ''] = process.argv.slice(1)
if (script.endsWith('relay.ts')) await run(role, process.argv.at(-1))
