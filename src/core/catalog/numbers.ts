// Rows of whole numbers as bytes: seven bits a byte, the lowest first, and one that says whether more follow (LEB128). A codec
// takes a byte for what is below 24 and three from 256 on; here that is 128 and 16,384, which places and seqs seldom exceed.

/** Most bytes of a number that is safe. */
export const maxNumberBytes = 8

export function bytesOf(numbers: readonly number[]): Uint8Array {
  const bytes: number[] = []
  for (const number of numbers) {
    let rest = number
    while (rest > 127) {
      bytes.push((rest % 128) + 128)
      rest = Math.floor(rest / 128)
    }
    bytes.push(rest)
  }
  return Uint8Array.from(bytes)
}

/** Undefined where they end in the middle of a number, or say one that is not safe. */
export function numbersOf(bytes: Uint8Array): number[] | undefined {
  const numbers: number[] = []
  let number = 0
  let scale = 1
  for (const byte of bytes) {
    if (scale > Number.MAX_SAFE_INTEGER) return undefined
    number += (byte % 128) * scale
    if (number > Number.MAX_SAFE_INTEGER) return undefined
    if (byte > 127) scale *= 128
    else {
      numbers.push(number)
      number = 0
      scale = 1
    }
  }
  return scale === 1 ? numbers : undefined
}

/** A row as it was told, either way; undefined when it cannot be read, or is of more than `most`. */
export function rowOf(told: readonly number[] | Uint8Array, most: number): readonly number[] | undefined {
  const numbers = told instanceof Uint8Array ? numbersOf(told) : told
  return numbers === undefined || numbers.length > most ? undefined : numbers
}
