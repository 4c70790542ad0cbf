/** Collects what was left out or looked odd, so that a torrent with ten thousand oddities gives a few sentences. */

/** Examples named per kind of notice; the rest is counted. */
const MAX_EXAMPLES = 3
const MAX_EXAMPLE_LENGTH = 120

export class Notices {
  readonly #topics = new Map<string, { examples: string[]; count: number }>()

  /** @param topic one sentence without its end @param example foreign text, cut when long */
  add(topic: string, example?: string): void {
    let entry = this.#topics.get(topic)
    if (entry === undefined) {
      entry = { examples: [], count: 0 }
      this.#topics.set(topic, entry)
    }
    entry.count += 1
    if (example !== undefined && entry.examples.length < MAX_EXAMPLES) entry.examples.push(shorten(example))
  }

  /** One sentence per topic, in the order they first came up. */
  list(): string[] {
    return [...this.#topics].map(([topic, { examples, count }]) => {
      if (examples.length === 0) return topic
      const more = count > examples.length ? ` and ${count - examples.length} more` : ''
      return `${topic}: ${examples.join(', ')}${more}`
    })
  }
}

/** The text, or its beginning and an ellipsis. */
export function shorten(text: string, maxLength = MAX_EXAMPLE_LENGTH): string {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text
}
