//! TLS: whose word about a server is taken, and what is wrong with one that is not believed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};

use crate::error::LinkError;

/// How many certificates are trusted: those of the system, and those of the file beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trusted {
    pub system: usize,
    pub file: usize,
}

/// Whose word is taken for a server. Takes milliseconds of file reading.
///
/// # Errors
/// When there is nobody, or the file cannot be used.
pub fn trusted(ca_file: Option<&Path>) -> Result<Trusted, LinkError> {
    roots(ca_file).map(|(_, trusted)| trusted)
}

/// For TLS with the system's roots and those of the file. Takes milliseconds of file reading.
pub(super) fn config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, LinkError> {
    let (roots, _) = roots(ca_file)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(error.to_string()))?;
    Ok(Arc::new(
        config.with_root_certificates(roots).with_no_client_auth(),
    ))
}

fn broken(reason: String) -> LinkError {
    LinkError::Setting {
        what: "TLS",
        reason,
        place: "the certificates of this system, or name a file of them in the setting `models.fast.ca_file`".to_owned(),
    }
}

fn roots(ca_file: Option<&Path>) -> Result<(RootCertStore, Trusted), LinkError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (system, _) = roots.add_parsable_certificates(found.certs);
    let mut file = 0;
    if let Some(path) = ca_file {
        file = add_file(&mut roots, path).map_err(|reason| LinkError::Setting {
            what: "the file of certificates",
            reason: format!("{} {reason}", path.display()),
            place: "the setting `models.fast.ca_file`".to_owned(),
        })?;
    }
    if system + file == 0 {
        let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        return Err(broken(format!(
            "this system has no readable root certificates ({})",
            reasons.join("; ")
        )));
    }
    Ok((roots, Trusted { system, file }))
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<usize, String> {
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| match error {
        rustls::pki_types::pem::Error::Io(error) => format!("cannot be read ({error})"),
        error => format!("is no PEM file ({error})"),
    })?;
    let mut added = 0;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| format!("is no PEM file ({error})"))?;
        let taken = roots.add(certificate);
        taken.map_err(|error| format!("holds a certificate that is none ({error})"))?;
        added += 1;
    }
    match added {
        0 => Err("holds no certificate in PEM form".to_owned()),
        added => Ok(added),
    }
}

/// What a failed handshake means, with what to do about it.
pub(super) fn failure(host: &str, error: &io::Error) -> LinkError {
    let host = host.to_owned();
    let inner = error.get_ref().and_then(|it| it.downcast_ref::<Error>());
    let reason = match inner {
        Some(Error::InvalidCertificate(problem)) => {
            let reason = certificate(problem);
            return LinkError::Certificate { host, reason };
        }
        Some(Error::InvalidMessage(_)) => "it does not answer with TLS; an address that begins with ws:// or http:// may be meant in the setting `models.fast.url`".to_owned(),
        _ => format!("the TLS handshake failed: {error}"),
    };
    LinkError::Connect { host, reason }
}

fn certificate(problem: &CertificateError) -> String {
    const UNKNOWN: &str = "its certificate is signed by nobody that this machine trusts; if it is your company's own, name the file of that authority in the setting `models.fast.ca_file`";
    match problem {
        // The other two: by an authority that was made anew under its old name, and an authority's
        // own certificate in place of a server's.
        CertificateError::UnknownIssuer
        | CertificateError::BadSignature
        | CertificateError::Other(_) => UNKNOWN.to_owned(),
        CertificateError::NotValidForNameContext { presented, .. } => {
            let names: Vec<&str> = presented.iter().map(|it| name(it)).collect();
            let whose = match names.is_empty() {
                true => "no name at all".to_owned(),
                false => names.join(", "),
            };
            format!("its certificate is for {whose} and not for this host; check the setting `models.fast.url`")
        }
        CertificateError::NotValidForName => {
            "its certificate is for another host; check the setting `models.fast.url`".to_owned()
        }
        CertificateError::ExpiredContext { time, not_after } => {
            let seconds = time.as_secs().saturating_sub(not_after.as_secs());
            let ago = match seconds / 86_400 {
                0 => "less than a day ago".to_owned(),
                1 => "a day ago".to_owned(),
                days => format!("{days} days ago"),
            };
            format!("its certificate expired {ago}; those who run the server have to renew it, unless the clock of this machine is wrong")
        }
        CertificateError::Expired => "its certificate has expired; those who run the server have to renew it, unless the clock of this machine is wrong".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check the clock of this machine".to_owned()
        }
        CertificateError::Revoked => {
            "its certificate was revoked; those who run the server have to renew it".to_owned()
        }
        other => format!("its certificate cannot be accepted ({other}); those who run the server have to renew it"),
    }
}

/// `DnsName("a.b")` to `a.b`: the names come in the form that debugging shows.
fn name(shown: &str) -> &str {
    let inner = shown.split_once('(').map_or(shown, |(_, it)| it);
    inner.trim_matches(|c| matches!(c, '"' | ')'))
}
