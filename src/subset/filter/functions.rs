//! The functions a condition may call: those that always give the same answer.

use std::f64::consts::PI;

use arrow::compute::kernels::cmp;
use arrow::compute::kernels::comparison::{contains, ends_with, starts_with};
use arrow::datatypes::DataType;
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart,
};

use super::FilterError;
use super::case::choice;
use super::compile::Compiler;
use super::formula::Formula;
use super::kinds::{Kind, Literal};
use super::node::Node;
use super::operation::Operation;
use super::operators::arithmetic;
use crate::data::closest;

/// Functions of SQL systems whose answer depends on the moment.
const VOLATILE: [&str; 9] = [
    "now",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "rand",
    "random",
    "uuid",
];

/// Functions whose result has the type of their values, or that take values of any kind.
const GENERIC: [&str; 10] = [
    "coalesce", "ifnull", "nvl", "nullif", "greatest", "least", "concat", "mod", "isnan", "pi",
];

const X: DataType = DataType::Float64;
const N: DataType = DataType::Int64;
const T: DataType = DataType::Utf8;

/// Name, types of the values, and what is done with them.
type Entry = (&'static str, &'static [DataType], Operation);

/// NaN, where a function has no value, becomes NULL.
static FUNCTIONS: &[Entry] = &[
    ("abs", &[X], Operation::Float(f64::abs)),
    ("sign", &[X], Operation::Float(sign)),
    ("floor", &[X], Operation::Float(f64::floor)),
    ("ceil", &[X], Operation::Float(f64::ceil)),
    ("ceiling", &[X], Operation::Float(f64::ceil)),
    ("trunc", &[X], Operation::Float(f64::trunc)),
    ("round", &[X], Operation::Float(f64::round)),
    ("round", &[X, X], Operation::Floats(round)),
    ("sqrt", &[X], Operation::Float(f64::sqrt)),
    ("cbrt", &[X], Operation::Float(f64::cbrt)),
    ("exp", &[X], Operation::Float(f64::exp)),
    ("ln", &[X], Operation::Float(|x| positive(x).ln())),
    ("log", &[X], Operation::Float(|x| positive(x).log10())),
    ("log", &[X, X], Operation::Floats(log)),
    ("log10", &[X], Operation::Float(|x| positive(x).log10())),
    ("log2", &[X], Operation::Float(|x| positive(x).log2())),
    ("power", &[X, X], Operation::Floats(power)),
    ("pow", &[X, X], Operation::Floats(power)),
    ("sin", &[X], Operation::Float(f64::sin)),
    ("cos", &[X], Operation::Float(f64::cos)),
    ("tan", &[X], Operation::Float(f64::tan)),
    ("asin", &[X], Operation::Float(f64::asin)),
    ("acos", &[X], Operation::Float(f64::acos)),
    ("atan", &[X], Operation::Float(f64::atan)),
    ("atan2", &[X, X], Operation::Floats(f64::atan2)),
    ("sinh", &[X], Operation::Float(f64::sinh)),
    ("cosh", &[X], Operation::Float(f64::cosh)),
    ("tanh", &[X], Operation::Float(f64::tanh)),
    ("degrees", &[X], Operation::Float(f64::to_degrees)),
    ("radians", &[X], Operation::Float(f64::to_radians)),
    ("lower", &[T], Operation::Text(str::to_lowercase)),
    ("upper", &[T], Operation::Text(str::to_uppercase)),
    ("trim", &[T], Operation::Text(|text| text.trim().to_owned())),
    ("length", &[T], Operation::Length),
    ("substr", &[T, N], Operation::Substring),
    ("substr", &[T, N, N], Operation::Substring),
    ("starts_with", &[T, T], Operation::Test(starts_with)),
    ("ends_with", &[T, T], Operation::Test(ends_with)),
    ("contains", &[T, T], Operation::Test(contains)),
    ("||", &[T, T], Operation::Concat { skip_nulls: false }),
];

fn positive(x: f64) -> f64 {
    if x > 0.0 { x } else { f64::NAN }
}

fn log(base: f64, x: f64) -> f64 {
    positive(x).log(positive(base))
}

fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

fn power(base: f64, exponent: f64) -> f64 {
    if base == 0.0 && exponent < 0.0 {
        f64::NAN
    } else {
        base.powf(exponent)
    }
}

/// Halves away from zero, to so many decimals, or to tens and hundreds if that is negative.
fn round(x: f64, digits: f64) -> f64 {
    let unit = 10_f64.powi(digits.abs().min(400.0) as i32);
    if digits < 0.0 {
        (x / unit).round() * unit
    } else if (x * unit).is_finite() {
        (x * unit).round() / unit
    } else {
        x
    }
}

impl Compiler<'_> {
    pub(super) fn function(&mut self, function: &Function) -> Result<Node, FilterError> {
        let name = match function.name.0.as_slice() {
            [ObjectNamePart::Identifier(name)] => name.value.to_lowercase(),
            _ => return Err(FilterError::new("a function has a simple name")),
        };
        let plain = matches!(function.parameters, FunctionArguments::None)
            && function.filter.is_none()
            && function.over.is_none()
            && function.null_treatment.is_none()
            && function.within_group.is_empty();
        let arguments = match &function.args {
            FunctionArguments::None => Some(Vec::new()),
            FunctionArguments::List(list)
                if list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
            {
                list.args.iter().map(argument).collect()
            }
            _ => None,
        };
        let message = || format!("{name} takes values separated by commas");
        let arguments = arguments.filter(|_| plain);
        let arguments = arguments.ok_or_else(|| FilterError::new(message()))?;
        self.call(&name, &arguments)
    }

    /// Calls a function by its lower-case name.
    pub(super) fn call(&mut self, name: &str, arguments: &[&Expr]) -> Result<Node, FilterError> {
        if VOLATILE.contains(&name) {
            let message =
                format!("{name} gives another answer each time, so it cannot select rows");
            return Err(FilterError::new(message));
        }
        let names = || FUNCTIONS.iter().map(|entry| entry.0).chain(GENERIC);
        if !names().any(|known| known == name) {
            let hint = closest(name, names());
            let hint = hint.map_or_else(String::new, |name| format!("; did you mean {name}?"));
            let message = format!("there is no function {name}{hint}");
            return Err(FilterError::new(message));
        }
        let nodes = self.nodes(arguments)?;
        let kinds: Vec<Kind> = nodes.iter().map(Node::kind).collect();
        if let Some(other) = nodes.iter().find(|node| node.kind() == Kind::Other) {
            let message = format!("{name} does not take {}", Kind::Other);
            return Err(FilterError::at(message, other.at.clone()));
        }
        let node = if GENERIC.contains(&name) {
            generic(name, nodes)
        } else {
            self.typed(name, nodes).map(Ok)
        };
        node.unwrap_or_else(|| {
            let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
            let given = match kinds.as_slice() {
                [] => "no values".to_owned(),
                kinds => kinds.join(" and "),
            };
            Err(FilterError::new(format!("{name} does not take {given}")))
        })
    }

    /// A function of the table, unless it takes other values.
    fn typed(&mut self, name: &str, mut nodes: Vec<Node>) -> Option<Node> {
        let takes = |types: &[DataType]| {
            let fits = |(node, wanted): (&Node, &DataType)| {
                [Kind::Null, Kind::of(wanted)].contains(&node.kind())
            };
            types.len() == nodes.len() && nodes.iter().zip(types).all(fits)
        };
        let (_, types, operation) = FUNCTIONS
            .iter()
            .find(|(other, types, _)| *other == name && takes(types))?;
        let gives = match operation {
            Operation::Test(_) => DataType::Boolean,
            Operation::Length => N,
            Operation::Text(_) | Operation::Substring | Operation::Concat { .. } => T,
            _ => X,
        };
        let mut narrow = None;
        if let [x] = nodes.as_slice()
            && ["abs", "sign", "floor", "ceil", "ceiling", "trunc", "round"].contains(&name)
        {
            if x.data_type != X && x.kind() == Kind::Number && name != "sign" {
                let x = nodes.pop()?;
                return Some(if name == "abs" { self.magnitude(x)? } else { x });
            }
            // none of them makes a number more exact
            narrow.clone_from(&x.narrow);
        }
        let values = nodes.into_iter().zip(*types);
        let values = values.map(|(node, data_type)| node.cast_to(data_type).formula);
        let formula = Formula::Apply(operation.clone(), values.collect());
        Some(Node::computed(formula, &gives).narrowed(narrow))
    }

    /// Of a whole number, over all its bits.
    fn magnitude(&mut self, x: Node) -> Option<Node> {
        let x = self.share(x);
        let zero = Node::literal(Literal::Whole(0));
        let negative = arithmetic(zero, "-", x.node()).ok()?;
        let data_type = negative.data_type.clone();
        let greatest = Operation::Extreme(cmp::gt_eq);
        let positive = x.node().cast_to(&data_type);
        let body = Formula::two(greatest, positive.formula, negative.formula);
        Some(x.around(body, &data_type))
    }
}

/// A function of values of several types, unless it takes other values.
fn generic(name: &str, mut nodes: Vec<Node>) -> Option<Result<Node, FilterError>> {
    Some(Ok(match (name, nodes.as_slice()) {
        ("pi", []) => Node::literal(Literal::Float(PI)),
        // NaN is NULL
        ("isnan", [x]) if x.kind() == Kind::Number => {
            Node::truth(Formula::one(Operation::IsNull, nodes.pop()?.formula))
        }
        ("mod", [_, _]) => {
            let (divisor, x) = (nodes.pop()?, nodes.pop()?);
            return Some(arithmetic(x, "%", divisor));
        }
        ("concat", [_, ..]) => {
            let texts = nodes.into_iter().map(|node| node.cast_to(&T).formula);
            let concat = Operation::Concat { skip_nulls: true };
            Node::computed(Formula::Apply(concat, texts.collect()), &T)
        }
        _ => return choice(name, nodes),
    }))
}

fn argument(argument: &FunctionArg) -> Option<&Expr> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}
