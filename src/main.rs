//! The `latentarium` program: a command line, and a window over the same jobs.

fn main() -> std::process::ExitCode {
    latentarium::cli::main()
}
