/**
 * The demo's database: a shop with customers, orders, photographs, a conflict here and there, deletions and design
 * documents. The same numbers give the same shop.
 */

/** What the demo sends to `_bulk_docs`. */
export type ShopDocument = Readonly<Record<string, unknown>> & { readonly _id: string };

const FIRST_NAMES = [
  "Ada",
  "Björn",
  "Chloé",
  "Dmitri",
  "Eun-ji",
  "Fatima",
  "Grace",
  "Hugo",
  "Ines",
  "Jun",
  "Kofi",
  "Lena",
];
const LAST_NAMES = [
  "Lovelace",
  "Ångström",
  "Dubois",
  "Petrow",
  "Kim",
  "Haddad",
  "Hopper",
  "Silva",
  "Costa",
  "Mori",
  "Mensah",
  "Vogel",
];
const CITIES = ["Oslo", "Lyon", "Seoul", "Porto", "Graz", "Accra", "Kyoto", "Austin", "Leeds", "Turin"];
const GOODS = [
  "lamp",
  "kettle",
  "chair",
  "notebook",
  "scarf",
  "bicycle bell",
  "teapot",
  "desk",
  "mirror",
  "blanket",
];
const STATES = ["placed", "paid", "packed", "shipped", "delivered"];

/** Of 20 documents, how many are customers; the others are orders. */
const CUSTOMERS_PER_20 = 4;
/** Every so many orders a photograph of the parcel is attached. */
const PHOTO_EVERY = 250;
const PHOTO_BYTES = 24_000;
/** 2026-01-01, the shop's first day. */
const OPENED_MS = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

/** A small, fast generator of repeatable numbers in [0, 1) (mulberry32). */
export function repeatable(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The nth document of the shop, from 0. */
export function shopDocument(index: number): ShopDocument {
  const random = repeatable(index + 1);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const number = String(index).padStart(6, "0");
  if (index % 20 < CUSTOMERS_PER_20) {
    const name = `${pick(FIRST_NAMES)} ${pick(LAST_NAMES)}`;
    return {
      _id: `customer:${number}`,
      type: "customer",
      name,
      email: `customer${index}@example.net`,
      address: { street: `${1 + Math.floor(random() * 200)} Harbour Road`, city: pick(CITIES) },
      since: new Date(OPENED_MS + index * MINUTE_MS).toISOString(),
      notes:
        random() < 0.3
          ? "Prefers delivery in the morning; leave parcels with the neighbour when nobody answers."
          : "",
    };
  }
  const items = Array.from({ length: 1 + Math.floor(random() * 4) }, () => ({
    sku: `sku-${Math.floor(random() * 5_000)}`,
    name: pick(GOODS),
    quantity: 1 + Math.floor(random() * 3),
    price: Math.round(random() * 20_000) / 100,
  }));
  return {
    _id: `order:${number}`,
    type: "order",
    customer: `customer:${String(index - (index % 20) + Math.floor(random() * CUSTOMERS_PER_20)).padStart(6, "0")}`,
    placed: new Date(OPENED_MS + index * MINUTE_MS).toISOString(),
    status: pick(STATES),
    items,
    total: Math.round(items.reduce((sum, item) => sum + item.quantity * item.price, 0) * 100) / 100,
    ...(index % PHOTO_EVERY === PHOTO_EVERY - 1 ? { _attachments: { "parcel.jpg": photograph(index) } } : {}),
  };
}

/** Bytes that do not compress, as a photograph's don't. */
function photograph(seed: number) {
  const random = repeatable(seed);
  const bytes = Buffer.alloc(PHOTO_BYTES);
  for (let at = 0; at < PHOTO_BYTES; at += 4) bytes.writeUInt32LE(Math.floor(random() * 2 ** 32), at);
  return { content_type: "image/jpeg", data: bytes.toString("base64") };
}

export const DESIGN_DOCUMENTS: readonly ShopDocument[] = [
  {
    _id: "_design/orders",
    language: "javascript",
    views: {
      by_status: {
        map: "function (doc) { if (doc.type === 'order') emit(doc.status, doc.total); }",
        reduce: "_sum",
      },
    },
  },
  {
    _id: "_design/rules",
    language: "javascript",
    validate_doc_update:
      "function (next) { if (next.type === 'order' && !next._deleted && typeof next.total !== 'number') { throw { forbidden: 'an order needs a total' }; } }",
  },
];
