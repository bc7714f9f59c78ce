using System.Globalization;

namespace Bench.Results;

/// <summary>Numbers with as many digits as a measurement has.</summary>
internal static class Number
{
    public static string Text(double? value) => value switch
    {
        null => "",
        >= 100 or <= -100 => value.Value.ToString("N0", CultureInfo.InvariantCulture),
        >= 10 or <= -10 => value.Value.ToString("0.#", CultureInfo.InvariantCulture),
        _ => value.Value.ToString("0.##", CultureInfo.InvariantCulture),
    };

    public static double? Rounded(double? value) => value is { } number ? Rounded(number) : null;

    public static double Rounded(double value) => Math.Round(value, Math.Abs(value) >= 100 ? 0 : 3);
}
