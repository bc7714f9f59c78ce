using System.Globalization;

namespace OrderService.Http;

/// <summary>Reads an amount of money from a JSON number, exactly or not at all.</summary>
internal static class JsonAmount
{
    // More digits than any amount in bounds has; a decimal holds 28 of them without rounding.
    private const int MostDigits = 28;

    /// <summary>The value with the decimals that it was written with; false if a decimal cannot hold it exactly. The parser
    /// of decimal itself would round what is too long without a word: 0.00…01 would be a price of 0.</summary>
    public static bool TryRead(string number, out decimal value) =>
        decimal.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
        && Mantissa(number).Count(char.IsAsciiDigit) <= MostDigits
        // An exponent can push every digit out of the decimal's reach: 1e-40 is not 0.
        && (value != 0 || !Mantissa(number).Any(character => character is >= '1' and <= '9'));

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

    private static IEnumerable<char> Mantissa(string number) => number.TakeWhile(character => character is not ('e' or 'E'));
}
