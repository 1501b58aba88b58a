import type { Destination } from '../codec.ts';
import type { Header } from '../record.ts';

/** Where a sink writes the record at hand. One object serves all of its records. */
export class SinkDestination implements Destination {
  topic = '';
  #headers: Header[] = [];

  /** The next record goes there. */
  at(topic: string): this {
    this.topic = topic;
    if (this.#headers.length > 0) this.#headers = [];
    return this;
  }

  header(name: string, value: Uint8Array): void {
    this.#headers.push([name, value]);
  }

  /** The record's headers, with those of its codecs in the place of others of the same name. */
  over(headers: readonly Header[]): readonly Header[] {
    const own = this.#headers;
    return own.length === 0 ? headers : [...headers.filter(([name]) => !own.some(([mine]) => mine === name)), ...own];
  }
}
