using System.Globalization;

namespace OrderService.Http;

/// <summary>Reads an amount of money from a JSON number, exactly or not at all.</summary>
internal static class JsonAmount
{
    // More than any amount in bounds has; a decimal holds so many digits, and so many of them behind the point, without rounding.
    private const int MostDigits = 28;

    /// <summary>The value with the decimals that it was written with; false if a decimal cannot hold it exactly. The parser
    /// of decimal itself would round what is too long without a word: 0.00…01 would be a price of 0.</summary>
    public static bool TryRead(string number, out decimal value) =>
        decimal.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
        && Mantissa(number).Count(char.IsAsciiDigit) <= MostDigits
        // An exponent can push digits out of the decimal's reach, every one or the last: 1e-40 is not 0.
        && (value == 0 ? !Mantissa(number).Any(character => character is >= '1' and <= '9') : WrittenDecimals(number) <= MostDigits);

    /// <summary>How many decimals a value has, trailing zeros left out.</summary>
    public static int Decimals(decimal value)
    {
        var decimals = 0;
        for (var rest = Math.Abs(value) % 1; rest != 0; rest = rest * 10 % 1)
        {
            decimals++;
        }

        return decimals;
    }

    private static int WrittenDecimals(string number)
    {
        var mantissa = Mantissa(number);
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var exponent = mantissa.Length == number.Length ? 0 : int.Parse(number[(mantissa.Length + 1)..], CultureInfo.InvariantCulture);
        return (point < 0 ? 0 : mantissa.Length - point - 1) - exponent;
    }

    private static string Mantissa(string number) => number.Split('e', 'E')[0];
}
