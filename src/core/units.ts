// Durations and sizes as people write them. A bare number is seconds (or bytes), as in the old guides; anything else
// carries its unit. What is printed reads back as the same value.

import type { Millis } from './time.ts'

const durations: Readonly<Record<string, Millis>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const sizes: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

const quantity = /^(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)$/

/** Milliseconds from `30`, `"0.5"` (seconds), `"500ms"`, `"30 s"`, `"72h"`; undefined when it is no duration. */
export function parseDuration(raw: unknown): Millis | undefined {
  return parse(raw, durations, 's')
}

/** Bytes from `65536`, `"64 KiB"`, `"1MiB"`; undefined when it is no size. */
export function parseSize(raw: unknown): number | undefined {
  return parse(raw, sizes, 'B')
}

/** The shortest exact text: 90,000 → `90s`, 259,200,000 → `72h`, 500 → `500ms`. */
export function formatDuration(ms: Millis): string {
  return format(ms, durations, '')
}

/** The shortest exact text: 65,536 → `64 KiB`. */
export function formatSize(bytes: number): string {
  return format(bytes, sizes, ' ')
}

function parse(raw: unknown, units: Readonly<Record<string, number>>, bare: string): number | undefined {
  const text = typeof raw === 'number' ? String(raw) : raw
  if (typeof text !== 'string') return undefined
  const [, amount, unit] = quantity.exec(text.trim()) ?? []
  if (amount === undefined) return undefined
  const factor = Object.entries(units).find(([name]) => name.toLowerCase() === (unit || bare).toLowerCase())?.[1]
  return factor === undefined ? undefined : Number(amount) * factor
}

function format(value: number, units: Readonly<Record<string, number>>, gap: string): string {
  const exact = Object.entries(units).filter(([, factor]) => value % factor === 0 && value >= factor)
  const [unit, factor] = exact.at(-1) ?? Object.entries(units)[0] ?? ['', 1]
  return `${value / factor}${gap}${unit}`
}
