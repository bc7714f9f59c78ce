using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace OrderService.Tests.Orders;

/// <summary>The commands of a service that read a page, as they are sent.</summary>
internal sealed class PageCommands : DbCommandInterceptor
{
    private string? _text;
    private NpgsqlParameter[] _parameters = [];

    public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
        DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
    {
        if (command.CommandText.Contains("LIMIT", StringComparison.Ordinal))
        {
            _text = command.CommandText;
            _parameters = [.. command.Parameters.Cast<NpgsqlParameter>().Select(parameter => parameter.Clone())];
        }

        return new(result);
    }

    /// <summary>The plan of the last one, with its values.</summary>
    public async Task<string> ExplainAsync(NpgsqlDataSource database)
    {
        Assert.NotNull(_text);
        await using var command = database.CreateCommand($"EXPLAIN (FORMAT JSON) {_text}");
        command.Parameters.AddRange(_parameters);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
