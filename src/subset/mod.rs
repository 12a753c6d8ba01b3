//! What is selected, as an expression apart from any picture: regions of the map, conditions on the
//! catalogue, and what joins them.

mod expr;
mod filter;
mod region;
mod roi;
mod steps;

pub use expr::{CombineMode, SubsetExpr, SubsetOf};
pub use filter::{Filter, FilterError};
pub use region::Region;
pub use roi::{Roi, RoiError};
