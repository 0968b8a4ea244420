//! The shape of the settings, their defaults and their documentation: doc comments and ranges
//! here become the JSON schema, the default file, the reference and the words of warnings.
//! Where values come from and who may set them is not here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::KeySource;
use crate::schema::ordered;
use crate::wire::EMBEDDED;

/// Settings of Redline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = ordered::<Settings>)]
pub struct Settings {
    /// How a rewrite reaches the buffer.
    pub apply: Apply,
    /// The models, by name: `fast` writes, `deep` reviews and verifies; presets may use further names.
    /// A model without its own `url` takes from `fast` all that it does not set itself.
    pub models: BTreeMap<String, Model>,
    /// Limits in size and time.
    pub limits: Limits,
    /// What may be sent beside the region that is rewritten.
    pub context: Context,
    /// Suggestions at the cursor while you type, in editors that show them.
    pub completion: Completion,
    /// What leaves the machine and what is kept.
    pub privacy: Privacy,
    /// What a failed check of a rewrite does: `off` does not check, `warn` says so, `block` also refuses to accept.
    /// What each looks at, and how to accept all the same: docs/guards.md.
    pub guards: Guards,
    /// Instructions of your own, offered in the menu beside the built-in ones.
    pub presets: Vec<Preset>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            apply: Apply::default(),
            models: BTreeMap::from([(Settings::FAST.to_owned(), Model::default())]),
            limits: Limits::default(),
            context: Context::default(),
            completion: Completion::default(),
            privacy: Privacy::default(),
            guards: Guards::default(),
            presets: Vec::new(),
        }
    }
}

impl Settings {
    /// The model that always exists.
    pub const FAST: &str = "fast";
    /// The model for review and verification; `fast` stands in for it where it is not set.
    pub const DEEP: &str = "deep";

    /// The model of that name, else `fast`. `None` only for settings built by hand without `fast`.
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models
            .get(name)
            .or_else(|| self.models.get(Settings::FAST))
    }

    /// The preset of that name.
    pub fn preset(&self, name: &str) -> Option<&Preset> {
        self.presets.iter().find(|preset| preset.name == name)
    }
}

/// How a rewrite reaches the buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Apply {
    /// `live` where the editor joins the edits into one undo step, else `once`.
    #[default]
    Auto,
    /// Edits as they stream.
    Live,
    /// One edit when the stream ends, then accept or reject.
    Once,
    /// The buffer stays untouched until you accept.
    Preview,
}

/// One model and how to reach it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = ordered::<Model>)]
pub struct Model {
    /// Where the model is.
    /// `ws://` and `wss://` speak Responses over WebSocket; `http://` and `https://` speak Responses as server-sent events when the path ends in `/responses` and chat completions when it ends in `/chat/completions`; `embedded` is the built-in rule engine, which needs neither key nor network.
    #[schemars(extend("format" = "model-url", "x-allowed" = "`embedded`, a ws:// or wss:// URL, or an http:// or https:// URL that ends in /responses or /chat/completions, without a user name or password in it"))]
    pub url: String,
    /// The model's name as its server knows it.
    /// Without it: `gpt-5.6-sol` at api.openai.com, `default` elsewhere.
    #[schemars(length(min = 1))]
    pub model: String,
    /// Where the key is kept: an environment variable, a program that prints it (run without a shell, within 10 seconds), or the password of an account of the service `redline` in the system keychain.
    /// Never the key itself.
    /// Without it: `{ env = "OPENAI_API_KEY" }` at api.openai.com, no key elsewhere.
    #[schemars(example = serde_json::json!({ "env": "OPENAI_API_KEY" }))]
    #[schemars(extend("format" = "key-source", "x-allowed" = "{ env = \"NAME\" }, { command = [\"program\", \"argument\"] } or { keyring = \"name\" }, never the key itself"))]
    pub key: Option<KeySource>,
    /// A file of certificates (PEM) that may vouch for the server beside the system's own, for instance your company's.
    #[schemars(example = &"/etc/ssl/our-ca.pem")]
    #[schemars(extend("format" = "file", "x-allowed" = "the absolute path of a file"))]
    pub ca_file: Option<String>,
    /// The HTTP proxy that leads to the server, also for the WebSocket; `none` goes without.
    /// Without it: what `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say, in upper or lower case; a user name and password can stand there only.
    /// This machine itself is never reached through a proxy.
    #[schemars(example = &"http://proxy.example.com:3128")]
    #[schemars(extend("format" = "proxy", "x-allowed" = "`none`, or an http:// URL of a host and port, without a user name or password in it"))]
    pub proxy: Option<String>,
    /// Tokens that fit into one request and its answer together.
    #[schemars(range(min = 1024, max = 100_000_000))]
    pub context_window: u64,
    /// The most tokens that one answer may have; without it, the server decides.
    #[schemars(range(min = 1, max = 10_000_000), example = 16384)]
    pub max_output_tokens: Option<u32>,
    /// How much the model thinks before it writes; sent only if set.
    #[schemars(example = &"none")]
    pub reasoning_effort: Option<String>,
    /// The provider's class of service; sent only if set.
    #[schemars(example = &"priority")]
    pub service_tier: Option<String>,
    /// Whether the provider understands `response.interrupt`.
    pub interrupt: bool,
    /// Whether chat completions are told the region's text as the prediction of the answer.
    /// Some providers answer faster with it; they charge for what was predicted wrongly.
    pub prediction: bool,
    /// Whether the text around a selection is sent before you ask, without asking for an answer, so that asking sends only the region and the instruction.
    /// Happens over WebSocket only, and never with an ignored file.
    pub prewarm: bool,
    /// Whether what is sent costs money by the token, or the network by the byte: nothing is sent before you ask.
    pub metered: bool,
    /// Merged into each request as it is.
    pub extra: Map<String, Value>,
}

impl Default for Model {
    fn default() -> Model {
        Model {
            url: EMBEDDED.to_owned(),
            model: "redline-rules".to_owned(),
            key: None,
            ca_file: None,
            proxy: None,
            context_window: 128_000,
            max_output_tokens: None,
            reasoning_effort: None,
            service_tier: None,
            interrupt: false,
            prediction: false,
            prewarm: true,
            metered: false,
            extra: Map::new(),
        }
    }
}

/// Limits in size and time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = ordered::<Limits>)]
pub struct Limits {
    /// Lines that one rewrite may cover.
    #[schemars(range(min = 1, max = 100_000))]
    pub region_lines: usize,
    /// Milliseconds of silence after which a running answer counts as lost.
    #[schemars(range(min = 1, max = 3_600_000))]
    pub idle_ms: u64,
    /// Milliseconds for a connection to stand: name, TCP, TLS and upgrade together.
    #[schemars(range(min = 1, max = 600_000))]
    pub connect_ms: u64,
    /// Further attempts when a request fails before its answer begins.
    #[schemars(range(min = 0, max = 10))]
    pub retries: u32,
    /// Requests that run at the same time; more wait in a queue.
    #[schemars(range(min = 1, max = 16))]
    pub parallel: usize,
    /// Edits and notifications sent to the editor per second and document while streaming.
    /// Without it: 60 where the editor joins the edits into one undo step, else 30.
    #[schemars(range(min = 1, max = 60), example = 30)]
    pub frames_per_second: Option<u32>,
    /// Bytes of one message from a model server; a longer one ends its rewrite.
    #[schemars(range(min = 65_536, max = 268_435_456))]
    pub frame_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            region_lines: 2000,
            idle_ms: 30_000,
            connect_ms: 15_000,
            retries: 3,
            parallel: 4,
            frames_per_second: None,
            frame_bytes: 16 << 20,
        }
    }
}

/// What may be sent beside the region that is rewritten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = ordered::<Context>)]
pub struct Context {
    /// Bytes of text around the region; 0 sends the region alone.
    #[schemars(range(min = 0, max = 16_777_216))]
    pub bytes: usize,
}

impl Default for Context {
    fn default() -> Context {
        Context { bytes: 16_384 }
    }
}

/// Suggestions at the cursor while you type, in editors that show them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = ordered::<Completion>)]
pub struct Completion {
    /// The languages in which there are suggestions, by their LSP names; none without it.
    #[schemars(example = serde_json::json!(["python", "rust"]))]
    pub languages: Vec<String>,
    /// Bytes of text around the cursor that are sent for a suggestion, and never more than `context.bytes`.
    #[schemars(range(min = 0, max = 262_144))]
    pub bytes: usize,
    /// Milliseconds without a key after which a suggestion is asked for.
    #[schemars(range(min = 0, max = 10_000))]
    pub delay_ms: u64,
}

impl Default for Completion {
    fn default() -> Completion {
        Completion {
            languages: Vec::new(),
            bytes: 6_144,
            delay_ms: 100,
        }
    }
}

/// What leaves the machine and what is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = ordered::<Privacy>)]
pub struct Privacy {
    /// Files that are never sent, as patterns in the manner of `.gitignore`, whatever the case of their letters.
    /// Your user file's list takes the place of the built-in one; workspace files and clients add to it.
    pub ignore: Vec<String>,
    /// Whether what looks like a secret is masked before it is sent: keys, tokens, passwords, private keys.
    /// The model sees other letters in their place, and your text keeps the right ones.
    pub mask: bool,
    /// Whether the provider may keep requests and answers.
    pub store: bool,
    /// Whether the local record holds the text that was sent, beside sizes and hashes.
    pub log_content: bool,
}

impl Default for Privacy {
    fn default() -> Privacy {
        let ignore = [".env", ".env.*", "*.pem", "id_rsa", "id_ed25519"];
        Privacy {
            ignore: ignore.map(str::to_owned).to_vec(),
            mask: true,
            store: false,
            log_content: false,
        }
    }
}

/// What a failed check does, from lenient to strict.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum GuardLevel {
    /// Not checked.
    Off,
    /// A warning beside the proposal.
    Warn,
    /// The proposal cannot be accepted as it is.
    Block,
}

/// What a failed check of a rewrite does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = ordered::<Guards>)]
pub struct Guards {
    /// The name, the parameters or the result of something that the region defines changed, or it is gone.
    pub signature: GuardLevel,
    /// Imports of the region went away, or new ones came.
    pub imports: GuardLevel,
    /// The document has syntax errors that it had not before.
    pub syntax: GuardLevel,
    /// The model left code out: a line stands for it, such as “... rest of the code”.
    pub elision: GuardLevel,
}

impl Default for Guards {
    fn default() -> Guards {
        Guards {
            signature: GuardLevel::Warn,
            imports: GuardLevel::Warn,
            syntax: GuardLevel::Warn,
            elision: GuardLevel::Block,
        }
    }
}

impl Guards {
    /// These guards with what a preset says otherwise.
    pub fn with(&self, preset: &PresetGuards) -> Guards {
        Guards {
            signature: preset.signature.unwrap_or(self.signature),
            imports: preset.imports.unwrap_or(self.imports),
            syntax: preset.syntax.unwrap_or(self.syntax),
            elision: preset.elision.unwrap_or(self.elision),
        }
    }
}

/// An instruction of the user's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(transform = ordered::<Preset>)]
pub struct Preset {
    /// What commands call it: letters, digits, `-` and `_`.
    #[schemars(extend("format" = "name", "x-allowed" = "a name of letters, digits, - and _"))]
    pub name: String,
    /// What menus show; without it, the name.
    #[serde(default)]
    pub title: Option<String>,
    /// What the model is told.
    #[schemars(length(min = 1))]
    pub instruction: String,
    /// The languages that it is offered in, by their LSP names; without it, all.
    #[serde(default)]
    pub languages: Vec<String>,
    /// Guards that differ for this preset, in either direction; those of a workspace file only stricter.
    #[serde(default)]
    pub guards: PresetGuards,
    /// The name of the model that it is asked of; without it, `fast`. A connection to it is kept as to `fast`.
    #[serde(default)]
    pub model: Option<String>,
}

/// Guards that differ for one preset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(transform = ordered::<PresetGuards>)]
pub struct PresetGuards {
    /// Instead of `guards.signature`.
    pub signature: Option<GuardLevel>,
    /// Instead of `guards.imports`.
    pub imports: Option<GuardLevel>,
    /// Instead of `guards.syntax`.
    pub syntax: Option<GuardLevel>,
    /// Instead of `guards.elision`.
    pub elision: Option<GuardLevel>,
}
