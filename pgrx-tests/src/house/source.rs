//! The Rust files of the product, and the paths that each of them imports or writes, macros included.

use std::collections::HashMap;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};

/// The name of a module from the root of its crate, like `["store", "customers"]`. The root itself is empty.
pub type Module = Vec<String>;

/// One file, read.
pub struct Source {
    /// Relative to the folder that was read, like `store/customers.rs`.
    pub path: String,
    pub module: Module,
    pub text: String,
    /// The paths that it names, from the root of the crate.
    pub paths: Vec<Module>,
    /// Its re-exports: each name, and the path that it stands for.
    pub re_exports: Vec<(String, Module)>,
    pub functions: Vec<Function>,
    /// Whether it has `unsafe` in any form, except as an attribute of a function that PostgreSQL calls by its name.
    pub has_unsafe_code: bool,
}

/// A function, and how many lines it has.
pub struct Function {
    pub name: String,
    pub lines: usize,
}

impl Source {
    /// Reads a file of the product. Its tests are left out.
    pub fn read(path: &str, text: String) -> Source {
        let module = module_of(path);
        let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut reader = Reader::new(module.clone());
        reader.note_names(&file);
        reader.visit_file(&file);
        Source {
            path: path.to_owned(),
            module,
            text,
            paths: reader.paths,
            re_exports: reader.re_exports,
            functions: reader.functions,
            has_unsafe_code: has_unsafe(file.to_token_stream()),
        }
    }

    /// The first part of the path: the room that the file belongs to.
    pub fn room(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }
}

fn module_of(path: &str) -> Module {
    let path = Path::new(path).with_extension("");
    let mut module: Module = path
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if module
        .last()
        .is_some_and(|last| last == "mod" || last == "lib")
    {
        module.pop();
    }
    module
}

struct Reader {
    module: Module,
    /// The meaning of a name at the beginning of a path: an import, or a module below this one.
    names: HashMap<String, Module>,
    paths: Vec<Module>,
    re_exports: Vec<(String, Module)>,
    functions: Vec<Function>,
}

impl Reader {
    fn new(module: Module) -> Reader {
        Reader {
            module,
            names: HashMap::new(),
            paths: Vec::new(),
            re_exports: Vec::new(),
            functions: Vec::new(),
        }
    }

    /// Modules first: an import may begin with one.
    fn note_names(&mut self, file: &syn::File) {
        for item in &file.items {
            if let syn::Item::Mod(module) = item
                && module.content.is_none()
                && !is_for_tests(&module.attrs)
            {
                let name = module.ident.to_string();
                let below = [self.module.clone(), vec![name.clone()]].concat();
                self.names.insert(name, below);
            }
        }
        for item in &file.items {
            if let syn::Item::Use(import) = item
                && !is_for_tests(&import.attrs)
            {
                let is_public = !matches!(import.vis, syn::Visibility::Inherited);
                self.note_import(&import.tree, Vec::new(), is_public);
            }
        }
    }

    fn note_import(&mut self, tree: &syn::UseTree, before: Vec<String>, is_public: bool) {
        let with = |name: &syn::Ident| [before.clone(), vec![name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.note_import(&path.tree, with(&path.ident), is_public),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.note_import(tree, before.clone(), is_public);
                }
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                let last = before.last().cloned().unwrap_or_default();
                self.note_name(last, &before, is_public);
            }
            syn::UseTree::Name(name) => {
                self.note_name(name.ident.to_string(), &with(&name.ident), is_public);
            }
            syn::UseTree::Rename(rename) => {
                self.note_name(rename.rename.to_string(), &with(&rename.ident), is_public);
            }
            syn::UseTree::Glob(_) => self.note_name("*".to_owned(), &before, is_public),
        }
    }

    fn note_name(&mut self, name: String, path: &[String], is_public: bool) {
        let Some(meant) = self.absolute(path) else {
            return;
        };
        self.paths.push(meant.clone());
        if is_public {
            self.re_exports.push((name.clone(), meant.clone()));
        }
        self.names.insert(name, meant);
    }

    /// None for a path into another crate, or to a name that is defined here.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        let base = match first.as_str() {
            "crate" => Module::new(),
            "self" => self.module.clone(),
            "super" => {
                let (_, above) = self.module.split_last()?;
                return above_of(above.to_vec(), rest);
            }
            name => self.names.get(name)?.clone(),
        };
        Some([base, rest.to_vec()].concat())
    }

    fn note_path(&mut self, path: &[String]) {
        self.paths.extend(self.absolute(path));
    }

    /// Paths in the input of a macro, which is not parsed: names with `::` between them.
    fn note_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.note_path(&std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(sign) if sign.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.note_path(&std::mem::take(&mut path));
                    colons = 0;
                    self.note_tokens(group.stream());
                }
                _ => {
                    self.note_path(&std::mem::take(&mut path));
                    colons = 0;
                }
            }
        }
        self.note_path(&path);
    }
}

/// Each further `super` leads one module up.
fn above_of(mut above: Module, rest: &[String]) -> Option<Module> {
    let climbs = rest.iter().take_while(|part| *part == "super").count();
    for _ in 0..climbs {
        above.pop()?;
    }
    Some([above, rest.get(climbs..)?.to_vec()].concat())
}

/// `#[unsafe(no_mangle)]` is the name of a function, and no unsafe code.
fn has_unsafe(tokens: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_unsafe = |token: &TokenTree| matches!(token, TokenTree::Ident(name) if name == "unsafe");
    let is_no_mangle = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Group(group)) if group.stream().to_string() == "no_mangle");
    tokens.iter().enumerate().any(|(index, token)| match token {
        TokenTree::Group(group) => has_unsafe(group.stream()),
        token => is_unsafe(token) && !is_no_mangle(tokens.get(index + 1)),
    })
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string().contains("test"))
    })
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    /// `pub(super)` needs nothing of what is above.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts = path.segments.iter();
        let parts: Vec<String> = parts.map(|part| part.ident.to_string()).collect();
        self.note_path(&parts);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.note_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        if let syn::Meta::List(list) = &attribute.meta {
            self.note_tokens(list.tokens.clone());
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.functions
            .push(Function::of(&function.sig, &function.block));
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.functions
            .push(Function::of(&function.sig, &function.block));
        visit::visit_impl_item_fn(self, function);
    }
}

impl Function {
    fn of(signature: &syn::Signature, block: &syn::Block) -> Function {
        let first = signature.fn_token.span.start().line;
        let last = block.brace_token.span.close().end().line;
        Function {
            name: signature.ident.to_string(),
            lines: last - first + 1,
        }
    }
}
