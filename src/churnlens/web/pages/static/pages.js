// What links cannot do: sending, stopping, live parts. Whatever comes from data goes in as text.

const words = JSON.parse(document.body.dataset.words);
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const fill = (text, slots) => text.replace(/\{(\w+)\}/g, (_, key) => slots[key] ?? "");

class Refusal extends Error {
  constructor(error, wait) {
    const known = words[error?.code] ?? words.other;
    super(fill(known, { message: error?.message ?? "", seconds: wait ?? "" }));
    this.code = error?.code;
  }
}

async function call(method, path, body, signal) {
  const init = { method, signal };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await fetch(path, init);
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  const left = response.status === 401 && path !== "/session"; // the session is over
  throw new Refusal(left ? { code: "signed_out" } : told.error, response.headers.get("Retry-After"));
}

function trouble(root, error) {
  const place = one(".trouble", root);
  place.hidden = !error;
  const lost = error instanceof TypeError; // what fetch throws when nobody answers
  place.textContent = error ? (lost ? words.unreachable : error.message) : "";
}

function clone(id) {
  return one(`#${id}`).content.cloneNode(true).firstElementChild;
}

// A browser connects again by itself when a line breaks, but not where it was refused.
function follow(path, after, event, told, connected) {
  const source = new EventSource(`${path}?after=${after}`);
  source.addEventListener("open", () => connected(true));
  source.addEventListener(event, (message) => {
    after = message.lastEventId;
    told(JSON.parse(message.data));
  });
  source.addEventListener("error", () => {
    connected(false);
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => follow(path, after, event, told, connected), 5000);
  });
}

// ---- the chat

async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let rest = ""; ;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const read = (name) => block.match(new RegExp(`^${name}: (.*)$`, "m"))?.[1];
      if (read("data")) yield [read("event"), JSON.parse(read("data"))];
    }
  }
}

function chat(page) {
  const log = one(".log", page), form = one("form.say", page), said = one("textarea", page);
  const send = one(".send", page), stop = one(".stop", page);
  let writing = null, heard = false;

  // Where the log has no height of its own, as on a phone, the page scrolls.
  function show() {
    log.scrollTop = log.scrollHeight;
    form.scrollIntoView({ block: "end" });
  }

  function add(id, text) {
    one(".empty", log)?.remove();
    const made = clone(id);
    one(".text", made).append(text);
    log.append(made);
    show();
    return made;
  }

  // Once a colleague was promised, what they say appears as they say it.
  function hear() {
    if (heard) return;
    heard = true;
    const { conversation: id, after } = page.dataset;
    follow(`/conversations/${id}/events`, after, "colleague", (message) => {
      one(".model", add("of-colleague", message.content)).textContent = message.model;
    }, (on) => { one(".interrupted", page).hidden = on; });
  }

  function list(id, title) {
    const made = clone("of-conversation"), link = one("a", made);
    all("[aria-current]", one(".conversations")).forEach((each) => each.removeAttribute("aria-current"));
    made.dataset.id = id;
    link.href = `/chat/${id}`;
    link.textContent = title;
    one("button", made).setAttribute("aria-label", `${words.delete}: ${title}`);
    one(".conversations").prepend(made);
  }

  async function conversation(text) {
    if (page.dataset.conversation) return page.dataset.conversation;
    const title = [...text.replace(/\s+/g, " ")].slice(0, 60).join("");
    const { id } = await (await call("POST", "/conversations", { title })).json();
    page.dataset.conversation = id;
    history.replaceState(null, "", `/chat/${id}`);
    list(id, title);
    return id;
  }

  // A reply that was stopped a moment ago may still be being kept.
  async function begin(id, content, signal, tries = 5) {
    try {
      return await call("POST", `/conversations/${id}/messages`, { content }, signal);
    } catch (error) {
      if (error.code !== "reply_under_way" || tries === 0) throw error;
      await new Promise((go) => setTimeout(go, 200));
      return begin(id, content, signal, tries - 1);
    }
  }

  function finish(reply, message) {
    one(".text", reply).textContent = message.content;
    one(".model", reply).textContent = message.model;
    if (message.total_seconds !== null) {
      one(".seconds", reply).textContent = fill(words.seconds, { seconds: message.total_seconds.toFixed(1) });
    }
    one(".status", reply).textContent = words[message.status] ?? "";
    one(".sources", reply).hidden = !message.sources.length;
    for (const source of message.sources) {
      const made = clone("of-source");
      one("h3", made).textContent = source.title || source.id;
      one("blockquote", made).textContent = source.text;
      one(".passages", reply).append(made);
    }
  }

  async function read(response, reply, mine) {
    const text = one(".text", reply);
    for await (const [name, data] of eventsOf(response)) {
      const follows = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
      if (name === "begun") {
        one(".model", reply).textContent = data.model;
        state(mine, "");
      }
      if (name === "text") text.append(data.text);
      if (name === "done") finish(reply, data.message);
      if (name === "done" && data.handover) hear();
      if (name === "error") throw new Refusal(data.error);
      if (follows) show();
    }
  }

  function busy(on) {
    send.hidden = on;
    stop.hidden = !on;
    log.setAttribute("aria-busy", on);
  }

  function state(mine, key, again = false) {
    one(".status", mine).textContent = words[key] ?? "";
    one(".again", mine).hidden = !again;
  }

  // Words that have waited are kept, unless they were refused; then they are there to be sent again.
  async function ask(text, asked) {
    if (!text.trim() || writing) return;
    writing = new AbortController();
    trouble(page);
    busy(true);
    all(".again", log).forEach((each) => { each.hidden = true; });
    const mine = asked ?? add("of-user", text), reply = add("of-assistant", "");
    const begun = () => one(".model", reply).textContent;
    state(mine, "waiting");
    reply.classList.add("writing");
    if (!asked) said.value = "";
    try {
      const id = await conversation(text);
      await read(await begin(id, text, writing.signal), reply, mine);
    } catch (error) {
      const stopped = error.name === "AbortError";
      if (begun()) one(".status", reply).textContent = stopped ? words.stopped : words.failed;
      else reply.remove();
      if (!begun() && (asked || stopped || error.code === "server_closing")) state(mine, "unanswered", true);
      else if (!begun()) {
        mine.remove();
        said.value = text;
      }
      if (!stopped) trouble(page, error);
    } finally {
      reply.classList.remove("writing");
      writing = null;
      busy(false);
      said.focus();
    }
  }

  form.addEventListener("submit", (event) => { event.preventDefault(); ask(said.value); });
  said.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    ask(said.value);
  });
  log.addEventListener("click", (event) => {
    const mine = event.target.closest(".again") && event.target.closest(".message");
    if (mine) ask(one(".text", mine).textContent, mine);
  });
  stop.addEventListener("click", () => writing?.abort());
  log.addEventListener("toggle", ({ target }) => {
    if (target.open) target.scrollIntoView({ block: "nearest" });
  }, true);  // no toggle bubbles
  one(".conversations").addEventListener("click", (event) => {
    if (event.target.matches(".delete")) remove(page, event.target.closest("li"));
  });
  if (one(".message", log)) show();
  if ("awaited" in page.dataset) hear();
}

async function remove(page, item) {
  const dialog = one("dialog", page);
  one(".title", dialog).textContent = one("a", item).textContent;
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  if (dialog.returnValue !== "yes") return;
  try {
    await call("DELETE", `/conversations/${item.dataset.id}`);
    item.remove();
    one("aside a", page).focus();
    if (item.dataset.id === page.dataset.conversation) location.assign("/chat");
  } catch (error) {
    trouble(page, error);
  }
}

// ---- questions

// The server has escaped every value in a part of a page; its scripts would not run either.
async function part(response, place) {
  const read = new DOMParser().parseFromString(await response.text(), "text/html");
  place.replaceChildren(...read.body.childNodes);
}

function condition(chip) {
  const { column, op } = chip.dataset, input = one("[data-value]", chip), fixed = one("[data-fixed]", chip);
  if (fixed) return { column, op, value: JSON.parse(fixed.dataset.fixed) };
  if (input.multiple) return { column, op, value: [...input.selectedOptions].map((each) => each.value) };
  const compared = one("[data-operator]", chip);
  return { column, op: compared?.value ?? op, value: compared ? Number(input.value) : input.value };
}

function filterOf(form) {
  const filter = {};
  for (const list of all("[data-filter]", form)) {
    filter[list.dataset.filter] = [...list.children]
      .map((item) => ("any" in item.dataset ? { any_of: all(".chip", item).map(condition) } : item))
      .map((item) => (item instanceof Element ? item.matches(".chip") && condition(item) : item.any_of.length && item))
      .filter(Boolean);
  }
  return filter;
}

function asking(page) {
  const answer = one(".answer", page), progress = one(".progress", page);

  async function ask(body) {
    const buttons = all("button[type=submit]", page);
    buttons.forEach((each) => { each.disabled = true; });
    progress.textContent = words.working;
    trouble(page);
    try {
      await part(await call("POST", "/ask/answer", body), answer);
      answer.focus();
    } catch (error) {
      trouble(page, error);
    } finally {
      buttons.forEach((each) => { each.disabled = false; });
      progress.textContent = "";
    }
  }

  page.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    if (form.matches(".filter")) ask({ question: form.dataset.question, filter: filterOf(form) });
    else if (form.question.value.trim()) ask({ question: form.question.value });
  });
  answer.addEventListener("click", (event) => {
    if (!event.target.matches(".remove")) return;
    const list = event.target.closest("[data-filter]");
    event.target.closest(".chip").remove();
    one(".everybody", list).hidden = Boolean(one(".chip", list));
    one("[type=submit]", list.closest("form")).focus();
  });
}

// ---- what changes while it is looked at: a feed says that, the server writes the part again

function live(section) {
  const { live: feed, event, part: path } = section.dataset, [from, after] = feed.split("?after=");
  const place = one(".place", section), status = one("[role=status]", section);
  const connected = (on) => {
    if (on !== (status.textContent === words.interrupted)) return;
    status.textContent = on ? "" : words.interrupted;
  };
  let due = 0;
  follow(from, after, event, (row) => {
    status.textContent = fill(words[event], row);
    due ||= setTimeout(async () => {
      due = 0;
      await call("GET", path).then((found) => part(found, place), () => connected(false));
    }, 200);
  }, connected);
}

// ---- hand-overs: taken and closed where they are listed and where one is read, answered there

function handover(section) {
  const place = one(".place", section);

  async function renew() {
    await part(await call("GET", section.dataset.part), place);
    place.focus();
  }

  section.addEventListener("click", async (event) => {
    const { status } = event.target.dataset, row = event.target.closest("[data-handover]");
    if (!status || !row) return;
    try {
      trouble(section);
      await call("POST", `/handovers/${row.dataset.handover}`, { status });
      await renew();
    } catch (error) {
      if (error instanceof Refusal) await renew().catch(() => {}); // others were quicker
      trouble(section, error);
    }
  });
}

function handovers(section) {
  live(section);
  handover(section);
}

function answering(form) {
  const said = one("textarea", form), send = one("button", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!said.value.trim()) return;
    trouble(form);
    send.disabled = true;
    try {
      await call("POST", form.dataset.to, { content: said.value });
      said.value = "";
    } catch (error) {
      trouble(form, error);
    } finally {
      send.disabled = false;
      said.focus();
    }
  });
}

// ---- signing in and out

function signIn(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await call("POST", "/session", { token: one("input", form).value });
      location.assign("/chat");
    } catch (error) {
      trouble(form, error);
    }
  });
}

async function signOut() {
  await call("DELETE", "/session").catch((error) => {
    if (error.code !== "invalid_api_key") throw error; // signed out already
  });
  location.assign("/sign-in");
}

const pages = { chat, ask: asking, live, handovers, answering, "sign-in": signIn };
for (const page of all("[data-page]")) pages[page.dataset.page](page);
one("[data-do=sign-out]")?.addEventListener("click", signOut);
