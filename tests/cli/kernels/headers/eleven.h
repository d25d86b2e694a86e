#pragma once
constexpr int ELEVEN = 11;
