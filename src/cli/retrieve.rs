//! `latentarium retrieve`: objects of one file looked up among those of another.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::bar::Bar;
use super::{Answer, Output};
use crate::io;
use crate::job::{Those, retrieve_file};

#[derive(Debug, Args)]
pub(super) struct RetrieveArgs {
    /// A file with the vectors to look up
    queries: PathBuf,
    /// A file with the vectors to look among, of an encoder of the same space
    among: PathBuf,
    /// Look up only those for which this SQL condition holds, such as "id = 17"
    #[arg(long, value_name = "SQL")]
    r#where: Option<String>,
    /// Look among only those for which this SQL condition holds, such as "survey = 'TNG50-like'"
    #[arg(long, value_name = "SQL")]
    among_where: Option<String>,
    /// Matches for each object
    #[arg(short, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    k: u16,
    #[command(flatten)]
    pub output: Output,
}

pub(super) fn run(args: &RetrieveArgs) -> Result<Answer> {
    args.output.check(&[&args.queries, &args.among])?;
    let bar = Bar::start();
    let opening = bar.progress().stage("Opening", 0.0..0.2);
    let queries = io::open(&args.queries, None, &opening.part(0.0..0.5))?;
    let among = io::open(&args.among, None, &opening.part(0.5..1.0))?;
    let looking = bar.progress().stage("Looking up", 0.2..0.95);
    let [from, to] = [
        (&queries, args.r#where.as_deref()),
        (&among, args.among_where.as_deref()),
    ]
    .map(|(dataset, condition)| Those { dataset, condition });
    let found = retrieve_file(from, to, usize::from(args.k), &looking)?;
    found.write(&args.output.out, args.output.overwrite())?;
    drop(bar);
    let (k, partners) = (found.retrieval.k, found.retrieval.partners_found());
    let mut lines = vec![match &found.space {
        Some(space) => format!(
            "{} objects among {}, in the space \u{201c}{space}\u{201d}",
            found.queries, found.among
        ),
        None => format!(
            "{} objects among {}; the files do not say that their vectors are in one space",
            found.queries, found.among
        ),
    }];
    lines.push(partners.map_or_else(
        || "no object has its id in both files".to_owned(),
        |p| {
            format!(
                "of {} with their id in both files, {:.1} % find themselves first, {:.1} % among {k}; median rank {}",
                p.partners,
                p.first * 100.0,
                p.within_k * 100.0,
                p.median_rank
            )
        },
    ));
    lines.push(args.output.out.display().to_string());
    Ok(Answer {
        text: lines.join("\n"),
        json: json!({
            "out": args.output.out.display().to_string(), "queries": found.queries,
            "among": found.among, "k": k, "space": found.space,
            "partners": partners.map(|p| json!({
                "objects": p.partners, "first": p.first, "within_k": p.within_k,
                "median_rank": p.median_rank,
            })),
        }),
    })
}
