// Search: the line around each hit, from the texts above. Sphinx would fetch the pages, which a page opened from a file
// may not do.
window.fetch = async (address) => {
  const place = new URL(address, location.href).pathname, page = Object.keys(SEARCH_TEXTS).find((name) => place.endsWith("/" + name));
  return { ok: Boolean(page), text: async () => SEARCH_TEXTS[page] ?? "" };
};
Search.htmlToText = (text) => text;
