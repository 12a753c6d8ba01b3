//! Gives every float one meaning: NaN becomes NULL and -0 becomes 0, before anything compares them.
//!
//! Arrow compares floats by total order, in which NaN is above all numbers, so that `z > 1` would
//! select the rows without a redshift, and in which -0 is not 0.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array, StringArray};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, UInt64Type};
use arrow::error::ArrowError;

use super::kinds::{WIDE, computed_in};

/// The values of a column in the type they are computed in.
pub(super) fn load(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let target = computed_in(array.data_type());
    let array: ArrayRef = match array.data_type() {
        DataType::Dictionary(_, values) => return load(&cast(array, values)?),
        DataType::UInt64 => {
            let wide: Decimal128Array = array
                .as_primitive::<UInt64Type>()
                .unary::<_, Decimal128Type>(i128::from);
            Arc::new(wide.with_data_type(WIDE))
        }
        // a cast would fail where the whole column, of which this is a part, exceeds 32 bits
        DataType::LargeUtf8 => Arc::new(array.as_string::<i64>().iter().collect::<StringArray>()),
        // by way of whole numbers, because a cast would look the zone up and give its local time
        DataType::Timestamp(_, Some(_)) => cast(&cast(array, &DataType::Int64)?, &target)?,
        _ => cast(array, &target)?,
    };
    Ok(canonical(array))
}

/// The same array, unless it holds floats that have another meaning.
pub(super) fn canonical(array: ArrayRef) -> ArrayRef {
    let Some(floats) = array.as_primitive_opt::<Float64Type>() else {
        return array;
    };
    // without a branch in the loop, so that the common case of neither costs one fast pass
    let (mut any_nan, mut any_negative_zero) = (false, false);
    for &x in floats.values() {
        any_nan |= x.is_nan();
        any_negative_zero |= x.to_bits() == 1 << 63;
    }
    if !any_nan && !any_negative_zero {
        return array;
    }
    let positive: Float64Array = floats.unary(|x| x + 0.0);
    if !any_nan {
        return Arc::new(positive);
    }
    let numbers: NullBuffer = positive.values().iter().map(|x| !x.is_nan()).collect();
    let nulls = NullBuffer::union(positive.nulls(), Some(&numbers));
    Arc::new(Float64Array::new(positive.values().clone(), nulls))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Float32Array, TimestampSecondArray, UInt64Array};

    #[test]
    fn nan_is_null_and_zero_has_no_sign() {
        let array: ArrayRef = Arc::new(Float64Array::from(vec![
            Some(-0.0),
            Some(f64::NAN),
            None,
            Some(-1.5),
        ]));
        let array = load(&array).unwrap();
        let array: &Float64Array = array.as_primitive();
        assert_eq!(array.value(0).to_bits(), 0);
        assert_eq!(
            array.nulls().unwrap().iter().collect::<Vec<_>>(),
            [true, false, false, true]
        );
        assert_eq!(array.value(3), -1.5);
        let array: ArrayRef = Arc::new(Float32Array::from(vec![-f32::NAN, -0.0, f32::INFINITY]));
        let array = load(&array).unwrap();
        assert_eq!(array.null_count(), 1);
        let array: &Float64Array = array.as_primitive();
        assert_eq!(
            (array.value(1).to_bits(), array.value(2)),
            (0, f64::INFINITY)
        );
    }

    #[test]
    fn clean_floats_are_not_copied() {
        let array: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 0.0]));
        assert!(Arc::ptr_eq(&canonical(Arc::clone(&array)), &array));
    }

    #[test]
    fn columns_lose_no_bits() {
        let array: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
        let array = load(&array).unwrap();
        assert_eq!(
            array.as_primitive::<Decimal128Type>().value(0),
            i128::from(u64::MAX)
        );
        let instant = TimestampSecondArray::from(vec![7]).with_timezone("Europe/Paris");
        let instant = load(&(Arc::new(instant) as ArrayRef)).unwrap();
        assert_eq!(*instant, TimestampSecondArray::from(vec![7]));
    }
}
